// Reads a JSON array of texts; writes for each program an array of [is GSM, number of parts]. The first argument is
// where the packages are installed.
const { createRequire } = require("node:module");
const fs = require("node:fs");

const need = createRequire(process.argv[2] + "/");
const { SegmentedMessage } = need("sms-segments-calculator");
const { split } = need("split-sms");

const texts = JSON.parse(fs.readFileSync(0, "utf8"));
const counts = {
  "sms-segments-calculator": texts.map((text) => {
    const message = new SegmentedMessage(text, "auto");
    return [message.encodingName === "GSM-7", message.segmentsCount];
  }),
  "split-sms": texts.map((text) => {
    const result = split(text, {});
    return [result.characterSet === "GSM", result.parts.length];
  }),
};
fs.writeFileSync(1, JSON.stringify(counts));

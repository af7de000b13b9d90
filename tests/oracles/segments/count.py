"""Reads a JSON array of texts; writes an array of [is GSM, number of parts], under the program's name."""

import json
import sys

import smsutil

counts = []
for text in json.load(sys.stdin):
    result = smsutil.split(text)
    counts.append([result.encoding == "gsm0338", len(result.parts)])
json.dump({"smsutil": counts}, sys.stdout)

"""Makes up mails, in the many forms that programs give them, broken ones among them."""

import base64
import quopri
import random
import textwrap


class Chance(random.Random):
    """Decides what a mail looks like, and remembers what in it Python may stumble over."""

    def __init__(self, seed):
        super().__init__(seed)
        self.traps = []

    def trap(self, name, value):
        self.traps.append(name)
        return value


# Words of a language, and the character sets that hold all of them.
LANGUAGES = [
    ("disk full on web1 please look at it CRITICAL 99% load 12.5 since 08:05 host db2.example.com", ["us-ascii"]),
    ("größer Öl Kühlung fällt aus Straße naïve café señor não ça où à 5 £", ["iso-8859-1", "windows-1252", "cp850"]),
    ("100 € reçu “très vite” – déjà l’été… œuvre", ["windows-1252"]),
    ("zażółć gęślą jaźń Łódź příliš žluťoučký kůň", ["iso-8859-2", "windows-1250"]),
    ("сервер не отвечает диск переполнен Ёлка", ["koi8-r", "windows-1251", "iso-8859-5"]),
    ("ο διακομιστής δεν απαντά Ώρα", ["iso-8859-7", "windows-1253"]),
    ("sunucu çöktü İstanbul ışık ğ ş", ["iso-8859-9", "windows-1254"]),
    ("השרת לא מגיב", ["windows-1255", "iso-8859-8"]),
    ("الخادم لا يستجيب", ["windows-1256"]),
    ("máy chủ không phản hồi", []),
    ("サーバーが停止しました 障害発生", ["iso-2022-jp", "shift_jis", "euc-jp"]),
    ("服务器磁盘已满 请检查", ["gb2312", "gbk", "gb18030"]),
    ("伺服器沒有回應", ["big5"]),
    ("서버가 응답하지 않습니다", ["euc-kr"]),
    ("fire 🔥 in rack 7 👍🏽 ok ✔", []),
]
UNIVERSAL = ["utf-8", "utf-8", "UTF8", "utf-16", "utf-7"]


def sentence(chance, words):
    return " ".join(chance.choice(words) for _ in range(chance.randrange(3, 14)))


def text(chance):
    """A text of a few paragraphs, and a character set for it."""
    language, charsets = chance.choice(LANGUAGES)
    charset = chance.choice([*charsets, *charsets, "utf-8"] if chance.random() < 0.9 else UNIVERSAL)
    words = [*language.split(), *LANGUAGES[0][0].split()]
    lines = [sentence(chance, words) for _ in range(chance.randrange(1, 6))]
    return chance.choice(["\n", "\n\n"]).join(lines), charset


def base64_of(chance, data):
    if chance.random() < 0.2:
        # Pieces that were encoded one by one, each with padding of its own.
        pieces = [data[at : at + 57] for at in range(0, len(data), 57)]
        return b"".join(base64.b64encode(piece) + b"\n" for piece in pieces)
    code = base64.encodebytes(data)
    return chance.choice([code, code, code.replace(b"\n", b""), code.rstrip(b"=\n"), b"\n" + code.replace(b"\n", b" \n")])


def quoted_of(chance, data):
    code = quopri.encodestring(data)
    if b"=\n" in code and chance.random() < 0.25:
        return chance.trap("blanks behind a soft line break", code.replace(b"=\n", b"=  \n"))
    return code


def leaf(chance, kind, words, charset, extra=()):
    """One part: header and body."""
    data = words.replace("\n", chance.choice(["\n", "\n", "\r\n"])).encode(charset)
    is_ascii = data.isascii() and b"\0" not in data
    ways = ["base64", "quoted-printable"]
    if charset.lower() not in {"utf-16"}:
        ways += ["8bit", "8bit", "7bit" if is_ascii else "binary", None]
    way = chance.choice(ways)
    coded = {"base64": base64_of, "quoted-printable": quoted_of}.get(way, lambda _, data: data)(chance, data)
    label = chance.choice([charset, f'"{charset}"', charset.upper()])
    parameter = chance.choice([f"; charset={label}", f";\n charset={label}", f"; charset*=us-ascii'en'{charset}"])
    head = [f"Content-Type: {kind}{parameter}", *extra]
    if way:
        head.append(f"Content-Transfer-Encoding: {chance.choice([way, way.upper()])}")
    chance.shuffle(head)
    return "\n".join(head).encode() + b"\n\n" + coded


def attachment(chance):
    return chance.choice([
        b'Content-Type: application/pdf; name="x.pdf"\nContent-Transfer-Encoding: base64\n'
        b"Content-Disposition: attachment\n\n" + base64.encodebytes(b"%PDF-1.4 nothing"),
        b"Content-Type: image/png\nContent-Transfer-Encoding: base64\nContent-Disposition: inline\n\n"
        + base64.encodebytes(b"\x89PNG nothing"),
        b'Content-Type: text/plain; name="app.log"\nContent-Disposition: attachment; filename="app.log"\n\nlog line\n',
        b"Content-Type: text/csv\nContent-Disposition: attachment; filename*=utf-8''b%C3%BCcher.csv\n\na,b\n",
        b"Content-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\nEND:VCALENDAR\n",
        b"Content-Type: message/rfc822\n\nSubject: inner\n\ninner words\n",
    ])


def multipart(chance, kind, parts, more=""):
    boundary = chance.choice(["=_b1", "----=_NextPart_000_01", "x'y+z", "0000000000007e1b"]) + str(chance.randrange(10**6))
    end = b"\n" if chance.random() < 0.8 else b"\r\n"
    out = f'Content-Type: multipart/{kind}; boundary="{boundary}"{more}'.encode() + end + end
    if chance.random() < 0.5:
        out += b"This is a multi-part message in MIME format." + end
    for part in parts:
        out += end + b"--" + boundary.encode() + end + part
    return out + (end + b"--" + boundary.encode() + b"--" + end if chance.random() < 0.95 else b"")


def html_of(chance, words):
    """A page with these words and some that nobody sees."""
    escaped = words.replace("&", "&amp;").replace("<", "&lt;")
    lines = [line for line in escaped.split("\n") if line]
    wrap = chance.choice([
        lambda line: f"<p>{line}</p>",
        lambda line: f"<div>{line}</div>",
        lambda line: f"{line}<br>",
        lambda line: f"<ul><li>{line.replace(' ', '<li>')}</ul>",
        lambda line: f"<table><tr><td>{line.replace(' ', '</td><td>')}</td></tr></table>",
        lambda line: f"<table><tr><th>{line.replace(' ', '<th>')}<tr><td>{line.replace(' ', '<td>')}</table>",
        lambda line: f"<span>{line.replace(' ', ' <b>x</b> ')}</span><hr>",
        lambda line: f'<a href="https://x.example/?a=1&b=2">{line}</a> <img src=x alt="picture words">',
        lambda line: f"<pre>{line}</pre>",
    ])
    page = "\n".join(wrap(line) for line in lines)
    hidden = chance.choice([
        "<style>p { color: red }</style>",
        "<script>if (a < b) { alert('unseen') }</script>",
        '<div style="display: none">unseen <b>words</b></div>',
        "<!-- unseen words -->",
        "<span hidden>unseen</span>",
        "",
    ])
    page = chance.choice([hidden + page, page + hidden, f"<html><head><title>t</title>{hidden}</head><body>{page}</body></html>"])
    return chance.choice([page, page, page.replace("</p>", "").replace("</li>", ""), "<!DOCTYPE html>\n" + page])


def flowed(words):
    lines = []
    for line in words.split("\n"):
        lines += [part + " " for part in textwrap.wrap(line, 40)[:-1]] + textwrap.wrap(line, 40)[-1:]
    return "\n".join(lines)


def header_of(chance, words, charset):
    """A header field's value."""
    data = words.encode(charset)
    label = f"{charset}*en" if chance.random() < 0.05 else charset
    if data.isascii() and words.isascii() and chance.random() < 0.6:
        return chance.choice([data, data.replace(b" ", b"\n ", 1), data.replace(b" ", b"\n\t", 1)])
    way = chance.choice(["raw", "b", "b", "q", "split"])
    if way == "raw" and charset.lower() not in {"utf-16", "utf-7", "iso-2022-jp"}:
        return data if data.isascii() else chance.trap("a raw header", data)
    if way == "split" and charset.lower() == "utf-8":
        # Cut anywhere, inside a character too, as programs do.
        at = chance.randrange(1, len(data))
        words = [f"=?{label}?b?{base64.b64encode(piece).decode()}?=" for piece in (data[:at], data[at:])]
        return "\n ".join(words).encode()
    if way == "q":
        code = "".join(chr(b) if chr(b).isalnum() and b < 128 else "_" if b == 32 else f"={b:02X}" for b in data)
        return f"=?{label}?Q?{code}?=".encode()
    return f"=?{label}?B?{base64.b64encode(data).decode()}?=".encode()


def structure(chance, words, charset):
    """The name of a form, and a part in it."""
    plain = lambda **more: leaf(chance, "text/plain", words, charset, **more)
    page = lambda: leaf(chance, "text/html", html_of(chance, words), charset)
    name = chance.choice([
        "plain", "plain", "html", "html", "flowed", "alternative", "alternative", "blank plain", "mixed", "attachment first",
        "related", "signed", "report", "nested", "inline", "wrong label", "html called plain", "no type",
    ])
    match name:
        case "plain":
            return name, plain()
        case "html":
            return name, page()
        case "flowed":
            return name, leaf(chance, "text/plain; format=flowed", flowed(words), charset)
        case "alternative":
            parts = [plain(), page()]
            return name, multipart(chance, name, parts)
        case "blank plain":
            return name, multipart(chance, "alternative", [b"Content-Type: text/plain\n\n \n\n", page()])
        case "mixed":
            return name, multipart(chance, "mixed", [chance.choice([plain, page])(), attachment(chance)])
        case "attachment first":
            return name, multipart(chance, "mixed", [attachment(chance), plain()])
        case "related":
            image = b"Content-Type: image/gif\nContent-ID: <i>\nContent-Transfer-Encoding: base64\n\nR0lGODlh\n"
            return name, multipart(chance, "related", [page(), image], '; type="text/html"')
        case "signed":
            proof = b"Content-Type: application/pgp-signature\n\n-----BEGIN PGP SIGNATURE-----\nx\n"
            return name, multipart(chance, "signed", [plain(), proof], '; protocol="application/pgp-signature"')
        case "report":
            status = b"Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\nAction: failed\n"
            return name, multipart(chance, "report", [plain(), status], "; report-type=delivery-status")
        case "nested":
            inner = multipart(chance, "alternative", [plain(), multipart(chance, "related", [page()])])
            return name, multipart(chance, "mixed", [inner, attachment(chance)])
        case "inline":
            return name, plain(extra=["Content-Disposition: inline"])
        case "wrong label":
            real, said = chance.choice([("utf-8", "iso-8859-1"), ("utf-8", "us-ascii"), ("utf-8", "x-unknown")])
            part = f"Content-Type: text/plain; charset={said}\n\n".encode() + words.encode(real)
            return name, chance.trap("a wrong character set", part)
        case "html called plain":
            page = f"<html><body>{html_of(chance, words)}</body></html>"
            return name, chance.trap("HTML that is called plain", leaf(chance, "text/plain", page, charset))
        case "no type":
            return name, chance.trap("a wrong character set", b"\n" + words.encode("utf-8"))


def mail(chance):
    """A mail: the name of its form, its bytes, the words that went in, and the traps."""
    chance.traps = []
    words, charset = text(chance)
    name, part = structure(chance, words, charset)
    subject = sentence(chance, words.split())
    head = [b"From: Somebody <somebody@site.example>", b"To: 00447731234567@sms.example.com", b"MIME-Version: 1.0"]
    # Raw bytes can only be read where the mail names their character set somewhere.
    is_named = name not in {"wrong label", "no type"}
    head.append(b"Subject: " + header_of(chance, subject, charset if is_named else "utf-8"))
    chance.shuffle(head)
    data = b"\n".join(head) + b"\n" + part
    if chance.random() < 0.3 and charset != "utf-16":
        data = data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return f"{name} in {charset}", data, {"subject": subject, "body": words, "traps": chance.traps}

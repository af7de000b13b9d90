"""Reads mails with Python's own email library and tells what a person would see of each.

The first argument says how many mails to make up, the second is the seed, the third a folder of other mails; where
Python came with the mails of its own tests, these are read too. Writes a JSON array of objects: `name`, `mail` in base64,
`written` (null: not made up here), the text that went in and what the library may stumble over, and `subject` and
`body`, what came out; null where the library raises an exception.
"""

import base64
import contextlib
import email
import email.policy
import json
import pathlib
import sys
from html.parser import HTMLParser

import compose

# What begins a new word; everything else flows.
BREAKS = {
    "address", "article", "aside", "blockquote", "body", "br", "button", "center", "dd", "div", "dl", "dt", "footer",
    "form", "h1", "h2", "h3", "h4", "h5", "h6", "head", "header", "hr", "html", "img", "label", "li", "main", "nav", "ol",
    "option", "p", "pre", "q", "section", "select", "table", "tbody", "td", "textarea", "tfoot", "th", "thead", "tr", "ul",
}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
UNSEEN = {"script", "style", "title", "template", "noframes", "noembed", "iframe", "object"}


class Reader(HTMLParser):
    """Collects the words of a page and leaves out what is hidden."""

    def __init__(self):
        super().__init__()
        self.pieces = []
        self.hidden = []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        style = (attrs.get("style") or "").replace(" ", "").lower()
        hides = tag in UNSEEN or "hidden" in attrs or "display:none" in style or "visibility:hidden" in style
        if tag in VOID:
            if tag == "img" and not hides and not self.hidden:
                self.pieces.append(f" {attrs.get('alt') or ''} ")
        elif self.hidden or hides:
            self.hidden.append(tag)
        if tag in BREAKS:
            self.pieces.append(" ")

    def handle_endtag(self, tag):
        if tag in self.hidden:
            while self.hidden.pop() != tag:
                pass
        if tag in BREAKS:
            self.pieces.append(" ")

    def handle_data(self, data):
        if not self.hidden:
            self.pieces.append(data)


def page(text):
    reader = Reader()
    reader.feed(text)
    reader.close()
    return "".join(reader.pieces)


def body(message):
    """The body that the library prefers: plain text, or HTML where that says nothing."""
    texts = []
    for kind in ["plain", "html"]:
        part = message.get_body([kind])
        text = part.get_content() if part else ""
        texts.append(page(text) if kind == "html" else text)
    return next((text for text in texts if text.strip()), "")


def attempt(read):
    try:
        return read()
    except Exception:  # whatever it is, the library can't read it
        return None


def sound(text):
    """Half a surrogate pair, by which the library passes on a byte that it can't decode, is no text."""
    return text if text is None else text.encode("utf-8", "replace").decode()


def case(name, mail, written):
    message = email.message_from_bytes(mail, policy=email.policy.default)
    return {
        "name": name,
        "mail": base64.b64encode(mail).decode(),
        "written": written,
        "subject": sound(attempt(lambda: str(message["subject"] or ""))),
        "body": sound(attempt(lambda: body(message))),
    }


def folders():
    yield pathlib.Path(sys.argv[3]), "*.eml"
    with contextlib.suppress(ImportError):
        import test.test_email

        yield pathlib.Path(test.test_email.__file__).parent / "data", "msg_*.txt"


def main():
    count, chance = int(sys.argv[1]), compose.Chance(int(sys.argv[2]))
    cases = [case(*compose.mail(chance)) for _ in range(count)]
    for folder, pattern in folders():
        cases += [case(path.name, path.read_bytes(), None) for path in sorted(folder.glob(pattern))]
    json.dump(cases, sys.stdout)


main()

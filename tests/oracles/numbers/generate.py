"""Writes telephone numbers as people write them, and what libphonenumber reads.

A JSON array of objects: `written`; `country_code` (null: none) and `trunk_prefix` of the place where it is read; `meant`,
the number it was made from (null: it was spoilt); `read`, the number in E.164 form that the library makes of it (null:
none), `valid`, whether it says that such a number can exist, and `extension`, whether it saw one. The first argument
says how many, the second is the seed.
"""

import json
import random
import sys

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

# What stands before a number inside its country, as an operator would configure it.
TRUNKS = {
    "AE": "0", "AT": "0", "AU": "0", "BE": "0", "BG": "0", "BR": "0", "CH": "0", "CN": "0", "CZ": "", "DE": "0",
    "DK": "", "ES": "", "FI": "0", "FR": "0", "GB": "0", "GR": "", "HK": "", "HU": "06", "IE": "0", "IL": "0",
    "IN": "0", "IT": "", "JP": "0", "KR": "0", "MX": "", "NL": "0", "NO": "", "NZ": "0", "PL": "", "PT": "",
    "RO": "0", "RU": "8", "SE": "0", "SG": "", "TR": "0", "UA": "0", "US": "", "ZA": "0",
}
SEPARATORS = [" ", "-", ".", "/", "", "\u00a0", "\u2011"]

count, seed = int(sys.argv[1]), int(sys.argv[2])
chance = random.Random(seed)


def e164(number):
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def some_number(region):
    """One that can exist: the library's example with other digits at its end."""
    kind = PhoneNumberType.FIXED_LINE if chance.random() < 0.2 else PhoneNumberType.MOBILE
    example = phonenumbers.example_number_for_type(region, kind)
    national = phonenumbers.national_significant_number(example)
    while True:
        keep = chance.randrange(1, 5)
        digits = national[:keep] + "".join(chance.choice("0123456789") for _ in national[keep:])
        number = phonenumbers.parse(f"+{example.country_code}{digits}")
        if phonenumbers.is_valid_number_for_region(number, region):
            return number


def separated(digits):
    """The digits in groups."""
    text = digits[0]
    separator = chance.choice(SEPARATORS)
    for digit in digits[1:]:
        text += (separator if chance.random() < 0.3 else "") + digit
    return text


def international(region, number):
    digits = e164(number)[1:]
    code, rest = str(number.country_code), phonenumbers.national_significant_number(number)
    zero = "(0)" if TRUNKS[region] == "0" else ""
    return chance.choice([
        e164(number),
        phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL),
        phonenumbers.format_number(number, PhoneNumberFormat.RFC3966),
        "+" + separated(digits),
        "00" + digits,
        "00 " + separated(digits),
        f"(+{code}) {separated(rest)}",
        f"+{code} {zero}{separated(rest)}",
        f"+{code} {zero} {separated(rest)}",
        f"00{code}{zero}{rest}",
        "+" + "".join(chr(ord(digit) + 0xFEE0) for digit in digits),
        digits,
    ])


def national(region, number):
    rest = phonenumbers.national_significant_number(number)
    trunk = TRUNKS[region]
    return chance.choice([
        phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL),
        trunk + rest,
        separated(trunk + rest),
        f"({trunk + rest[:3]}) {separated(rest[3:])}",
        rest,
    ])


def spoilt(text):
    at = chance.randrange(1, len(text))
    return chance.choice([
        text[:-1],
        text[:-3],
        text + chance.choice("0123456789"),
        text + "".join(chance.choice("0123456789") for _ in range(5)),
        text[:at] + chance.choice("0123456789") + text[at + 1 :],
        text[:at] + chance.choice("aOl+*,") + text[at + 1 :],
        text + chance.choice([" x12", " ext. 7", "#99", ";ext=4"]),
        "+" + text,
        "0" + text,
        "011" + text.lstrip("+0"),
        text.replace("00", "049", 1),
    ])


def case():
    region = chance.choice(sorted(TRUNKS))
    number = some_number(region)
    home = region if chance.random() < 0.6 else chance.choice([*sorted(TRUNKS), None, None, None, None])
    is_national = home == region and chance.random() < 0.6
    written = national(region, number) if is_national else international(region, number)
    meant = e164(number)
    if chance.random() < 0.25:
        written, meant = spoilt(written), None
    result = {
        "written": written,
        "country_code": str(phonenumbers.country_code_for_region(home)) if home else None,
        "trunk_prefix": TRUNKS[home] if home else "0",
        "meant": meant,
        "read": None,
        "valid": False,
        "extension": False,
    }
    try:
        read = phonenumbers.parse(written, home)
    except phonenumbers.NumberParseException:
        return result
    return result | {
        "read": e164(read),
        "valid": phonenumbers.is_valid_number(read),
        "extension": read.extension is not None,
    }


json.dump([case() for _ in range(count)], sys.stdout)

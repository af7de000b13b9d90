//! Which numbers cost more than others: premium, shared-cost, personal and satellite ranges. Pure.
//!
//! A mail to `899…@` must not become a bill. The table knows ranges by their beginnings, each from the numbering plan of
//! whoever assigns it. What is not in it is taken for an ordinary number: a known limit, plans change and there are
//! some two hundred of them; `[numbers] deny` adds to it.

use super::number::Number;

/// Why a number costs more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tariff {
    /// Whoever is called earns by it.
    Premium,
    /// The caller pays a share that the plan sets.
    SharedCost,
    /// A number that follows a person, at the price of wherever he is.
    Personal,
    /// A satellite or another network without a country.
    Satellite,
}

impl Tariff {
    /// What such a number is called.
    pub fn as_str(self) -> &'static str {
        match self {
            Tariff::Premium => "a premium-rate number",
            Tariff::SharedCost => "a shared-cost number",
            Tariff::Personal => "a personal number at a higher rate",
            Tariff::Satellite => "a satellite or international network number",
        }
    }
}

/// The range that a number lies in, by its beginning with `+`, and what it costs; `None` for an ordinary number.
pub fn range(number: &Number) -> Option<(&'static str, Tariff)> {
    RANGES.iter().copied().find(|(prefix, _)| number.as_str().starts_with(prefix))
}

/// No entry is the beginning of another one.
#[rustfmt::skip]
const RANGES: &[(&str, Tariff)] = &[
    // ITU-T, list of assigned country codes (E.164): shared cost, Inmarsat, global mobile satellites, international
    // networks, premium rate.
    ("+808", Tariff::SharedCost), ("+870", Tariff::Satellite), ("+881", Tariff::Satellite),
    ("+882", Tariff::Satellite), ("+883", Tariff::Satellite), ("+979", Tariff::Premium),
    // North America (NANPA): area code 900.
    ("+1900", Tariff::Premium),
    // Netherlands (ACM): 0900, 0906, 0909.
    ("+31900", Tariff::Premium), ("+31906", Tariff::Premium), ("+31909", Tariff::Premium),
    // Belgium (BIPT): 070, 090.
    ("+3270", Tariff::SharedCost), ("+3290", Tariff::Premium),
    // France (ARCEP): 081, 082, 0836, 089.
    ("+3381", Tariff::SharedCost), ("+3382", Tariff::SharedCost), ("+33836", Tariff::Premium),
    ("+3389", Tariff::Premium),
    // Spain (CNMC): 803, 806, 807; 901, 902; 70.
    ("+34803", Tariff::Premium), ("+34806", Tariff::Premium), ("+34807", Tariff::Premium),
    ("+34901", Tariff::SharedCost), ("+34902", Tariff::SharedCost), ("+3470", Tariff::Personal),
    // Italy (AGCOM, Piano di numerazione nazionale): 144, 166, 892 to 899; 178, 199; 840, 841, 847, 848.
    ("+39144", Tariff::Premium), ("+39166", Tariff::Premium), ("+3989", Tariff::Premium),
    ("+39178", Tariff::Personal), ("+39199", Tariff::SharedCost), ("+39840", Tariff::SharedCost),
    ("+39841", Tariff::SharedCost), ("+39847", Tariff::SharedCost), ("+39848", Tariff::SharedCost),
    // Switzerland (BAKOM): 0900, 0901, 0906; 084x; 0878.
    ("+41900", Tariff::Premium), ("+41901", Tariff::Premium), ("+41906", Tariff::Premium),
    ("+4184", Tariff::SharedCost), ("+41878", Tariff::Personal),
    // Austria (RTR): 0900, 0901, 0930, 0931, 0939; 0810, 0820, 0821.
    ("+43900", Tariff::Premium), ("+43901", Tariff::Premium), ("+43930", Tariff::Premium),
    ("+43931", Tariff::Premium), ("+43939", Tariff::Premium),
    ("+43810", Tariff::SharedCost), ("+43820", Tariff::SharedCost), ("+43821", Tariff::SharedCost),
    // United Kingdom (Ofcom, National Telephone Numbering Plan): 070, 084, 087, 09.
    ("+4470", Tariff::Personal), ("+4484", Tariff::SharedCost), ("+4487", Tariff::SharedCost),
    ("+449", Tariff::Premium),
    // Denmark (SDFI): 90. Norway (Nkom): 820, 829.
    ("+4590", Tariff::Premium), ("+47820", Tariff::Premium), ("+47829", Tariff::Premium),
    // Sweden (PTS): 0900, 0939, 0944.
    ("+46900", Tariff::Premium), ("+46939", Tariff::Premium), ("+46944", Tariff::Premium),
    // Poland (UKE): 70x, 801.
    ("+4870", Tariff::Premium), ("+48801", Tariff::SharedCost),
    // Germany (Bundesnetzagentur): 0900; 0137; 0180; 0700.
    ("+49900", Tariff::Premium), ("+49137", Tariff::Premium), ("+49180", Tariff::SharedCost),
    ("+49700", Tariff::Personal),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn tariff(number: &str) -> Option<Tariff> {
        range(&Number::from_e164(number).unwrap()).map(|(_, tariff)| tariff)
    }

    #[test]
    fn what_costs_more_is_known_by_its_beginning() {
        for (number, expected) in [
            ("+39899123456", Tariff::Premium),
            ("+39144123456", Tariff::Premium),
            ("+39199123456", Tariff::SharedCost),
            ("+449011234567", Tariff::Premium),
            ("+447012345678", Tariff::Personal),
            ("+448701234567", Tariff::SharedCost),
            ("+499001234567", Tariff::Premium),
            ("+491371234567", Tariff::Premium),
            ("+19002345678", Tariff::Premium),
            ("+979123456789", Tariff::Premium),
            ("+80812345678", Tariff::SharedCost),
            ("+870773112345", Tariff::Satellite),
            ("+881612345678", Tariff::Satellite),
        ] {
            assert_eq!(tariff(number), Some(expected), "{number}");
        }
    }

    #[test]
    fn ordinary_numbers_are_ordinary() {
        for number in [
            "+447731234567",
            "+447624123456",
            "+442012345678",
            "+441181234567",
            "+393331234567",
            "+390612345678",
            "+39055123456",
            "+4915112345678",
            "+493012345678",
            "+33612345678",
            "+33780123456",
            "+34612345678",
            "+34712345678",
            "+41791234567",
            "+436641234567",
            "+31612345678",
            "+32470123456",
            "+48601234567",
            "+46701234567",
            "+46901234567",
            "+4520123456",
            "+4791234567",
            "+19172345678",
            "+8801712345678",
            "+97412345678",
        ] {
            assert_eq!(tariff(number), None, "{number}");
        }
    }

    #[test]
    fn every_range_is_there_once_and_written_as_a_beginning() {
        for (n, (prefix, _)) in RANGES.iter().enumerate() {
            assert!(prefix.strip_prefix('+').unwrap().bytes().all(|b| b.is_ascii_digit()), "{prefix}");
            let others = RANGES.iter().enumerate().filter(|(other, _)| *other != n);
            assert!(others.into_iter().all(|(_, (other, _))| !other.starts_with(prefix)), "{prefix}");
        }
    }
}

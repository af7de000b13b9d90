//! Whether a gateway is slow: a moving average of how long it takes to answer for an SMS. Pure.

use std::time::Duration;

/// How much one answer moves the average: after ten answers two thirds of the old one are gone.
const WEIGHT: f64 = 0.1;

/// The average so far.
#[derive(Debug)]
pub struct Latency {
    limit: Option<Duration>,
    average: Option<f64>,
}

impl Latency {
    /// Slow is whatever takes longer than `limit` on average; `None`: nothing is.
    pub fn new(limit: Option<Duration>) -> Latency {
        Latency { limit, average: None }
    }

    /// An SMS took so long.
    pub fn record(&mut self, took: Duration) {
        let took = took.as_secs_f64();
        self.average = Some(self.average.map_or(took, |average| average + WEIGHT * (took - average)));
    }

    pub fn is_slow(&self) -> bool {
        match (self.limit, self.average) {
            (Some(limit), Some(average)) => average > limit.as_secs_f64(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slow_answer_is_no_slow_gateway_and_a_slow_one_can_recover() {
        let mut latency = Latency::new(Some(Duration::from_secs(5)));
        assert!(!latency.is_slow());
        (0..20).for_each(|_| latency.record(Duration::from_secs(1)));
        latency.record(Duration::from_secs(30));
        assert!(!latency.is_slow());
        (0..5).for_each(|_| latency.record(Duration::from_secs(30)));
        assert!(latency.is_slow());
        (0..20).for_each(|_| latency.record(Duration::from_secs(1)));
        assert!(!latency.is_slow());
        let mut unlimited = Latency::new(None);
        unlimited.record(Duration::from_secs(999));
        assert!(!unlimited.is_slow());
    }
}

//! A source of well mixed numbers that a seed determines.

/// `SplitMix64`: a counter whose values are mixed. All 2^64 numbers come once before any repeats.
#[derive(Debug, Clone)]
pub(crate) struct RandomNumbers {
    state: u64,
}

impl RandomNumbers {
    pub(crate) const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    pub(crate) fn next_number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 inclusive to 1 exclusive.
    pub(crate) fn next_fraction(&mut self) -> f64 {
        // 32 bits are exact as a float, and fine enough for a probability.
        let bits = u32::try_from(self.next_number() >> 32).expect("32 bits are left");
        f64::from(bits) / (f64::from(u32::MAX) + 1.0)
    }

    /// `true` with this probability.
    pub(crate) fn happens(&mut self, probability: f64) -> bool {
        self.next_fraction() < probability
    }

    /// One of the items; `None` if there are none.
    pub(crate) fn choose<T: Copy>(&mut self, items: &[T]) -> Option<T> {
        let length = u64::try_from(items.len()).ok().filter(|&length| length > 0)?;
        let index = usize::try_from(self.next_number() % length).ok()?;
        items.get(index).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_determines_the_numbers() {
        let (mut first, mut second) = (RandomNumbers::new(7), RandomNumbers::new(7));
        for _ in 0..100 {
            assert_eq!(first.next_number(), second.next_number());
        }
        assert_ne!(first.next_number(), RandomNumbers::new(8).next_number());
    }

    #[test]
    fn a_probability_is_met_over_many_draws() {
        let mut numbers = RandomNumbers::new(1);
        let hits = (0..10_000).filter(|_| numbers.happens(0.2)).count();
        assert!((1_900..2_100).contains(&hits), "{hits}");
        assert!((0..1000).all(|_| !numbers.happens(0.0)));
        assert!((0..1000).all(|_| numbers.happens(1.0)));
    }
}

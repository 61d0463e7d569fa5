//! Repeatable draws: every value in a row comes from a hash of where it stands, never from state.

/// SplitMix64's finaliser (Steele, Lea and Flood, "Fast splittable pseudorandom number generators").
const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A stream of numbers that is a pure function of the key it was made from.
#[derive(Clone, Debug)]
pub(crate) struct Draw(u64);

impl Draw {
    /// The stream for this key. The order of the parts matters.
    pub(crate) fn new(key: &[u64]) -> Self {
        let mut state = 0x9e37_79b9_7f4a_7c15;
        for part in key {
            state = mix(state ^ mix(part.wrapping_add(0x9e37_79b9_7f4a_7c15)));
        }
        Self(state)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number in `0..n`; 0 when `n` is 0.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        // The high half of the product is below n, so it fits.
        ((u128::from(self.next()) * u128::from(n)) >> 64) as u64
    }

    /// True in `of` draws `n` times on average.
    pub(crate) fn chance(&mut self, n: u64, of: u64) -> bool {
        self.below(of) < n
    }

    /// One of the items. The list must not be empty.
    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len() as u64) as usize]
    }

    /// The index of one of the weights, each as likely as its weight says.
    pub(crate) fn weighted(&mut self, weights: &[u32]) -> usize {
        let total: u64 = weights.iter().map(|w| u64::from(*w)).sum();
        let mut at = self.below(total);
        for (index, weight) in weights.iter().enumerate() {
            match at.checked_sub(u64::from(*weight)) {
                Some(rest) => at = rest,
                None => return index,
            }
        }
        0
    }

    /// A GUID of the random kind (RFC 9562, version 4).
    pub(crate) fn guid(&mut self) -> Guid {
        Guid::random_kind((u128::from(self.next()) << 64) | u128::from(self.next()))
    }
}

/// 128 bits written as a GUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Guid(pub(super) u128);

impl Guid {
    /// These bits with version and variant of a random GUID (RFC 9562, section 5.4).
    pub(crate) const fn random_kind(bits: u128) -> Self {
        let versioned = (bits & !(0xf << 76)) | (0x4 << 76);
        Self((versioned & !(0x3 << 62)) | (0x2 << 62))
    }
}

impl std::fmt::Display for Guid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let v = self.0;
        write!(
            f,
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            (v >> 96) as u32,
            (v >> 80) as u16,
            (v >> 64) as u16,
            (v >> 48) as u16,
            v & 0xffff_ffff_ffff
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_gives_the_same_numbers_and_its_order_matters() {
        assert_eq!(Draw::new(&[1, 2]).next(), Draw::new(&[1, 2]).next());
        assert_ne!(Draw::new(&[1, 2]).next(), Draw::new(&[2, 1]).next());
        assert_ne!(Draw::new(&[0]).next(), Draw::new(&[0, 0]).next());
    }

    #[test]
    fn guids_are_version_four() {
        let text = Draw::new(&[7]).guid().to_string();
        assert_eq!(text.len(), 36);
        assert_eq!(&text[14..15], "4");
        assert!("89ab".contains(&text[19..20]), "{text}");
    }

    #[test]
    fn weights_are_followed() {
        let mut draw = Draw::new(&[3]);
        let mut seen = [0_u32; 3];
        for _ in 0..10_000 {
            seen[draw.weighted(&[0, 1, 3])] += 1;
        }
        assert_eq!(seen[0], 0);
        assert!((2_200..2_800).contains(&seen[1]), "{seen:?}");
    }
}

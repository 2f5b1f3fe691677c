//! The hash behind the state hash and every keyed stream: 64 bits, the same on every platform and in every build.
//!
//! Not for security (the run file's chain uses SHA-256). FNV-1a over bytes, finished with SplitMix64's mixer.

/// SplitMix64's finaliser (Steele, Lea, Flood 2014): a bijection whose every output bit depends on every input bit.
pub fn mix64(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Writes scalars in a fixed order and gives 64 bits. Explicit widths only: `usize` differs between wasm32 and a laptop.
#[derive(Clone, Debug)]
pub struct StateHasher(u64);

impl Default for StateHasher {
    fn default() -> Self {
        StateHasher(0xcbf2_9ce4_8422_2325)
    }
}

impl StateHasher {
    pub fn new() -> Self {
        Self::default()
    }
    pub fn u8(&mut self, v: u8) {
        self.0 = (self.0 ^ u64::from(v)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    pub fn u32(&mut self, v: u32) {
        self.u64(u64::from(v));
    }
    pub fn u64(&mut self, v: u64) {
        self.0 = mix64(self.0 ^ v).wrapping_mul(0x0000_0100_0000_01b3);
    }
    pub fn i64(&mut self, v: i64) {
        self.u64(v as u64);
    }
    /// By bits: equal floats hash equally, −0 and 0 do not.
    pub fn f64(&mut self, v: f64) {
        self.u64(v.to_bits());
    }
    pub fn bool(&mut self, v: bool) {
        self.u8(u8::from(v));
    }
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.u64(bytes.len() as u64);
        for &b in bytes {
            self.u8(b);
        }
    }
    pub fn str(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }
    pub fn finish(&self) -> u64 {
        mix64(self.0)
    }
}

/// The hash of one string, for stream keys.
pub fn hash_str(text: &str) -> u64 {
    let mut h = StateHasher::new();
    h.str(text);
    h.finish()
}

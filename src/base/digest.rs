//! MD5, SHA-1 and the POSIX checksum, a block at a time: md5sum, sha1sum, cksum. (SHA-2 comes from `sha2`.)

/// MD5 (RFC 1321) or SHA-1 (FIPS 180-4) over what it is given.
pub struct Digest {
    state: [u32; 5],
    sha1: bool,
    pending: Vec<u8>,
    length: u64,
}

impl Digest {
    pub fn md5() -> Digest {
        Digest::new(false)
    }
    pub fn sha1() -> Digest {
        Digest::new(true)
    }
    fn new(sha1: bool) -> Digest {
        let state = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
        Digest { state, sha1, pending: Vec::new(), length: 0 }
    }
    pub fn update(&mut self, bytes: &[u8]) {
        self.length += bytes.len() as u64;
        self.pending.extend_from_slice(bytes);
        let whole = self.pending.len() / 64 * 64;
        let pending = std::mem::take(&mut self.pending);
        for block in pending[..whole].chunks_exact(64) {
            self.block(block);
        }
        self.pending = pending[whole..].to_vec();
    }
    pub fn finish(mut self) -> Vec<u8> {
        let bits = self.length.wrapping_mul(8);
        let mut tail = vec![0x80];
        while (self.pending.len() + tail.len()) % 64 != 56 {
            tail.push(0);
        }
        tail.extend(if self.sha1 { bits.to_be_bytes() } else { bits.to_le_bytes() });
        self.update(&tail);
        if self.sha1 {
            self.state.iter().flat_map(|w| w.to_be_bytes()).collect()
        } else {
            self.state[..4].iter().flat_map(|w| w.to_le_bytes()).collect()
        }
    }
    fn block(&mut self, block: &[u8]) {
        if self.sha1 { self.block_sha1(block) } else { self.block_md5(block) }
    }

    fn block_md5(&mut self, block: &[u8]) {
        let word = |i: usize| u32::from_le_bytes([block[4 * i], block[4 * i + 1], block[4 * i + 2], block[4 * i + 3]]);
        let [mut a, mut b, mut c, mut d, _] = self.state;
        for i in 0..64 {
            let (f, g) = match i / 16 {
                0 => (b & c | !b & d, i),
                1 => (d & b | !d & c, (5 * i + 1) % 16),
                2 => (b ^ c ^ d, (3 * i + 5) % 16),
                _ => (c ^ (b | !d), 7 * i % 16),
            };
            let sum = a.wrapping_add(f).wrapping_add(MD5_K[i]).wrapping_add(word(g));
            (a, d, c) = (d, c, b);
            b = b.wrapping_add(sum.rotate_left(MD5_SHIFTS[i / 16][i % 4]));
        }
        for (state, add) in self.state.iter_mut().zip([a, b, c, d]) {
            *state = state.wrapping_add(add);
        }
    }

    fn block_sha1(&mut self, block: &[u8]) {
        let mut w = [0u32; 80];
        for (i, chunk) in block.chunks_exact(4).enumerate() {
            w[i] = u32::from_be_bytes([chunk[0], chunk[1], chunk[2], chunk[3]]);
        }
        for i in 16..80 {
            w[i] = (w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16]).rotate_left(1);
        }
        let [mut a, mut b, mut c, mut d, mut e] = self.state;
        for (i, word) in w.iter().enumerate() {
            let (f, k) = match i / 20 {
                0 => (b & c | !b & d, 0x5a82_7999),
                1 => (b ^ c ^ d, 0x6ed9_eba1),
                2 => (b & c | b & d | c & d, 0x8f1b_bcdc),
                _ => (b ^ c ^ d, 0xca62_c1d6u32),
            };
            let sum = a.rotate_left(5).wrapping_add(f).wrapping_add(e).wrapping_add(k).wrapping_add(*word);
            (e, d, c, b, a) = (d, c, b.rotate_left(30), a, sum);
        }
        for (state, add) in self.state.iter_mut().zip([a, b, c, d, e]) {
            *state = state.wrapping_add(add);
        }
    }
}

const MD5_SHIFTS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];

/// floor(2^32 × |sin(i + 1)|), as the RFC lists them: no platform's sine takes part.
#[rustfmt::skip]
const MD5_K: [u32; 64] = [
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
];

/// POSIX's cksum: CRC over the bytes and then their count.
#[derive(Default)]
pub struct Cksum {
    crc: u32,
    length: u64,
}

impl Cksum {
    fn byte(&mut self, b: u8) {
        self.crc ^= u32::from(b) << 24;
        for _ in 0..8 {
            self.crc = if self.crc & 0x8000_0000 != 0 { self.crc << 1 ^ 0x04c1_1db7 } else { self.crc << 1 };
        }
    }
    pub fn update(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&b| self.byte(b));
        self.length += bytes.len() as u64;
    }
    /// (checksum, bytes)
    pub fn finish(mut self) -> (u32, u64) {
        let mut n = self.length;
        while n > 0 {
            self.byte(n as u8);
            n >>= 8;
        }
        (!self.crc, self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_digests() {
        let hex = |mut d: Digest, text: &[u8]| {
            d.update(text);
            d.finish().iter().map(|b| format!("{b:02x}")).collect::<String>()
        };
        assert_eq!(hex(Digest::md5(), b"abc"), "900150983cd24fb0d6963f7d28e17f72");
        assert_eq!(hex(Digest::sha1(), b"abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(hex(Digest::md5(), &[b'a'; 1000]), "cabe45dcc9ae5b66ba86600cca6b8ba8");
        let mut c = Cksum::default();
        c.update(b"abc\n");
        assert_eq!(c.finish(), (1_112_837_078, 4));
    }
}

//! Random numbers, for names and waits; not for secrets.

/// Of 53 bits.
pub fn random() -> u64 {
    (js_sys::Math::random() * 2f64.powi(53)) as u64
}

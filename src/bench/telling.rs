//! Who is told how far a measurement has come.

/// Is told by the measuring; must not take long.
pub trait Telling: Send + Sync {
    /// A part of it begins, of so many steps.
    fn begins(&self, what: &'static str, steps: u64);

    /// A part of it begins that takes so long, in milliseconds: these are its steps.
    fn lasts(&self, what: &'static str, length: u64) {
        self.begins(what, length);
    }

    /// The part that began last has come so far.
    fn at(&self, done: u64);
}

/// Nobody is told.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Telling for Silent {
    fn begins(&self, _: &'static str, _: u64) {}

    fn at(&self, _: u64) {}
}

//! The promises with figures.

/// How much of what is wrong is told of each promise.
const TOLD: usize = 5;

/// What was found of one promise.
struct Row {
    promise: &'static str,
    checked: usize,
    wrong: Vec<String>,
    note: String,
}

/// The promises, as they were found.
#[derive(Default)]
pub(in crate::kills) struct Table(Vec<Row>);

impl Table {
    /// Adds what was found of one.
    pub fn add(&mut self, promise: &'static str, checked: usize, wrong: Vec<String>, note: impl Into<String>) {
        self.0.push(Row { promise, checked, wrong, note: note.into() });
    }

    /// The promises that were broken.
    pub fn broken(&self) -> Vec<&'static str> {
        self.0.iter().filter(|row| !row.wrong.is_empty()).map(|row| row.promise).collect()
    }

    /// Prints it, and fails if one was broken.
    pub fn conclude(&self) {
        println!("record: | promise | checked | found wrong | |");
        println!("record: | --- | ---: | ---: | --- |");
        for Row { promise, checked, wrong, note } in &self.0 {
            println!("record: | {promise} | {checked} | {} | {note} |", wrong.len());
        }
        for row in &self.0 {
            for wrong in row.wrong.iter().take(TOLD) {
                eprintln!("wrong: {}: {wrong}", row.promise);
            }
        }
        let broken = self.broken();
        assert!(broken.is_empty(), "broken: {broken:?}");
    }
}

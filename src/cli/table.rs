//! Tables of text: columns as wide as what stands in them, figures to the right.

use std::fmt;

/// A heading and rows.
#[derive(Clone, Debug)]
pub struct Table {
    /// Columns from the left that hold words, and so stand to the left.
    words: usize,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// The first column holds words, the others figures.
    pub fn new<T: AsRef<str>>(heading: &[T]) -> Table {
        let heading = heading.iter().map(|cell| cell.as_ref().to_owned()).collect();
        Table { words: 1, rows: vec![heading] }
    }

    /// The first `count` columns hold words.
    pub fn words(mut self, count: usize) -> Table {
        self.words = count;
        self
    }

    pub fn row<T: Into<String>>(&mut self, cells: impl IntoIterator<Item = T>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let length =
            |row: &Vec<String>, column: usize| row.get(column).map_or(0, |cell| cell.chars().count());
        let widest = |column| self.rows.iter().map(|row| length(row, column)).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns).map(widest).collect();
        for row in &self.rows {
            let mut line = String::new();
            for ((column, cell), width) in row.iter().enumerate().zip(&widths) {
                let gap = if column == 0 { "" } else { "  " };
                if column < self.words {
                    line += &format!("{gap}{cell:<width$}");
                } else {
                    line += &format!("{gap}{cell:>width$}");
                }
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_left_and_figures_right() {
        let mut table = Table::new(&["name", "ms"]);
        table.row(["a", "7"]);
        table.row(["longer", "1200"]);
        assert_eq!(table.to_string(), "name      ms\na          7\nlonger  1200\n");
    }
}

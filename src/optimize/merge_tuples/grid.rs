//! Rows of one length in one piece of memory.

/// See the module's documentation; rows have at least one item.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Grid<T> {
    width: usize,
    items: Vec<T>,
}

impl<T> Grid<T> {
    /// Without rows, and with room for so many.
    pub fn new(width: usize, rows: usize) -> Self {
        Grid { width: width.max(1), items: Vec::with_capacity(width * rows) }
    }

    /// How many items a row has.
    pub const fn width(&self) -> usize {
        self.width
    }

    /// How many rows there are.
    pub const fn len(&self) -> usize {
        self.items.len() / self.width
    }

    /// Adds a row; it has as many items as the others.
    pub fn push(&mut self, row: impl IntoIterator<Item = T>) {
        self.items.extend(row);
    }

    /// All rows in order.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[T]> + Clone {
        self.items.chunks_exact(self.width)
    }

    /// One of them.
    pub fn row(&self, at: usize) -> &[T] {
        &self.items[at * self.width..][..self.width]
    }

    /// One of them, to be changed.
    pub fn row_mut(&mut self, at: usize) -> &mut [T] {
        &mut self.items[at * self.width..][..self.width]
    }

    /// Takes those rows out that are gone, each told for itself.
    pub fn drop_rows(&mut self, gone: &[bool]) {
        let mut at = 0..;
        let width = self.width;
        self.items.retain(|_| at.next().is_some_and(|at: usize| !gone[at / width]));
    }

    /// The rows with these columns only, in this order.
    pub fn columns(mut self, columns: &[usize]) -> Self
    where
        T: Default,
    {
        if columns.len() == self.width {
            return self;
        }
        let mut out = Grid::new(columns.len(), self.len());
        for row in self.items.chunks_exact_mut(self.width) {
            out.push(columns.iter().map(|&column| std::mem::take(&mut row[column])));
        }
        out
    }
}

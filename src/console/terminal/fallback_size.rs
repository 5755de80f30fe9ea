//! A size for a terminal that does not know its own (0 × 0, as over a serial line or in a bare container): that of the environment,
//! or that of a VT100.

use std::io::{self, Write};

use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};

/// The size if the environment has none either.
const USUAL: Size = Size { width: 80, height: 24 };

/// A [`CrosstermBackend`] that is never empty.
#[derive(Debug)]
pub(crate) struct FallbackSizeBackend<W: Write> {
    inner: CrosstermBackend<W>,
    fallback: Size,
}

impl<W: Write> FallbackSizeBackend<W> {
    /// A terminal that does not know its size has `COLUMNS` and `LINES`.
    pub(crate) fn new(writer: W) -> Self {
        let variable = |name| std::env::var(name).ok();
        let fallback = fallback(variable("COLUMNS").as_deref(), variable("LINES").as_deref());
        Self { inner: CrosstermBackend::new(writer), fallback }
    }

    fn or_fallback(&self, size: Size) -> Size {
        match size {
            // Half a size is none.
            Size { width: 0, .. } | Size { height: 0, .. } => self.fallback,
            told => told,
        }
    }
}

fn fallback(columns: Option<&str>, lines: Option<&str>) -> Size {
    let number = |text: Option<&str>| text?.trim().parse::<u16>().ok().filter(|n| *n > 0);
    Size { width: number(columns).unwrap_or(USUAL.width), height: number(lines).unwrap_or(USUAL.height) }
}

impl<W: Write> Write for FallbackSizeBackend<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Write::flush(&mut self.inner)
    }
}

impl<W: Write> Backend for FallbackSizeBackend<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        self.inner.draw(content)
    }

    fn append_lines(&mut self, n: u16) -> io::Result<()> {
        self.inner.append_lines(n)
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.inner.hide_cursor()
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.inner.show_cursor()
    }

    /// The console shows no cursor. A terminal that is asked for its position may never answer, and the question takes the keyboard
    /// from the thread that reads it.
    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(Position::ORIGIN)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.inner.set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.inner.clear()
    }

    fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
        self.inner.clear_region(clear_type)
    }

    fn size(&self) -> io::Result<Size> {
        self.inner.size().map(|size| self.or_fallback(size))
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        let told = self.inner.window_size()?;
        Ok(WindowSize { columns_rows: self.or_fallback(told.columns_rows), ..told })
    }

    fn flush(&mut self) -> io::Result<()> {
        Backend::flush(&mut self.inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_that_is_not_told_is_that_of_the_environment_or_the_usual_one() {
        let size = |width, height| Size { width, height };
        assert_eq!(fallback(None, None), size(80, 24));
        assert_eq!(fallback(Some("132"), Some("43")), size(132, 43));
        assert_eq!(fallback(Some("0"), Some("x")), size(80, 24));
        assert_eq!(fallback(Some("99999999"), Some("50")), size(80, 50));
        let backend = FallbackSizeBackend { inner: CrosstermBackend::new(Vec::new()), fallback: size(100, 30) };
        assert_eq!(backend.or_fallback(size(0, 0)), size(100, 30));
        assert_eq!(backend.or_fallback(size(0, 24)), size(100, 30));
        assert_eq!(backend.or_fallback(size(61, 17)), size(61, 17));
    }
}

//! What the console's screen says.

/// The number before `word`, as `  1,234 clicks` shows it.
pub fn figure(screen: &str, word: &str) -> Option<u64> {
    let words: Vec<&str> = screen.split_whitespace().collect();
    words.windows(2).filter(|pair| pair[1] == word).find_map(|pair| pair[0].replace(',', "").parse().ok())
}

/// The state that the stages' boxes show for the stage at `place`: the second row inside the boxes, from the left.
pub fn state(screen: &str, place: usize) -> Option<String> {
    let boxes = screen.lines().position(|line| line.contains("1 ingest"))?;
    let states: Vec<String> = screen
        .lines()
        .nth(boxes + 1)?
        .split(['│', '┃'])
        .filter(|part| !part.trim().is_empty())
        .map(|part| part.trim().split_once(' ').map_or("", |(_, state)| state.trim()).to_owned())
        .collect();
    states.get(place).cloned()
}

/// Whether every stage runs.
pub fn all_run(screen: &str) -> bool {
    (0..4).all(|place| state(screen, place).as_deref() == Some("running"))
}

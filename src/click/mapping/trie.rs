//! The wanted paths as a trie: each member of a message is compared with the few names that can follow its path.

use super::error::MappingError;
use super::path::{Part, Path};

/// The wanted paths. Node 0 is the message.
#[derive(Debug)]
pub(crate) struct Trie {
    nodes: Vec<Node>,
    /// The array whose elements are the clicks, and the node of an element.
    each: Option<(u16, u16)>,
}

/// What is wanted of one JSON value.
#[derive(Debug, Default)]
pub(crate) struct Node {
    /// The path, for errors.
    pub(crate) path: String,
    /// Where the value itself goes.
    pub(crate) slot: Option<u16>,
    /// The wanted members.
    members: Vec<Member>,
    /// One bit for the tag of each member: most other names have no bit here.
    bits: u64,
    /// The wanted elements by index.
    pub(crate) indices: Vec<(usize, u16)>,
    /// The wanted elements by the text of a member: the path to that member alone, the text, and the node of the element.
    pub(crate) selected: Vec<Selected>,
    /// The node of each element, if the elements are the clicks.
    pub(crate) each: Option<u16>,
    /// All slots at or under this node.
    pub(super) slots: Vec<u16>,
}

/// A wanted member.
#[derive(Debug)]
struct Member {
    tag: u32,
    name: Box<str>,
    node: u16,
}

/// A wanted element whose member `key` is `text`.
#[derive(Debug)]
pub(crate) struct Selected {
    pub(crate) key: Box<str>,
    pub(crate) text: Box<str>,
    pub(crate) node: u16,
}

impl Node {
    /// The node of the member with this name.
    #[inline]
    pub(super) fn member(&self, name: &[u8]) -> Option<u16> {
        let tag = tag(name);
        if self.bits & bit(tag) == 0 {
            return None;
        }
        let is_this = |member: &&Member| member.tag == tag && member.name.as_bytes() == name;
        self.members.iter().find(is_this).map(|member| member.node)
    }

    /// The wanted members: their names and nodes.
    #[cfg(feature = "spark")]
    pub(crate) fn members(&self) -> impl Iterator<Item = (&str, u16)> {
        self.members.iter().map(|member| (&*member.name, member.node))
    }

    /// Whether members are wanted.
    pub(crate) fn wants_members(&self) -> bool {
        !self.members.is_empty()
    }

    /// Whether elements are wanted.
    pub(crate) fn wants_elements(&self) -> bool {
        !self.indices.is_empty() || !self.selected.is_empty() || self.each.is_some()
    }

    /// Whether only the value itself is wanted.
    #[inline]
    pub(crate) fn is_leaf(&self) -> bool {
        self.members.is_empty() && !self.wants_elements()
    }
}

/// Length, first and last byte of a name: they tell most names apart.
#[inline]
fn tag(name: &[u8]) -> u32 {
    let [first, last] = [name.first(), name.last()].map(|byte| u32::from(byte.copied().unwrap_or(0)));
    // The length of a name is cut off, which only makes tags less different.
    (name.len() as u32) << 16 | first << 8 | last
}

#[inline]
fn bit(tag: u32) -> u64 {
    // The multiplier spreads all bits of the tag over the highest six.
    1 << (tag.wrapping_mul(0x9e37_79b9) >> 26)
}

impl Default for Trie {
    fn default() -> Self {
        Self { nodes: vec![Node::default()], each: None }
    }
}

impl Trie {
    pub(crate) fn node(&self, node: u16) -> &Node {
        // The numbers come from `step`, and no node is ever removed.
        self.nodes.get(usize::from(node)).unwrap_or(&EMPTY)
    }

    /// How many nodes there are.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The array whose elements are the clicks, and the node of an element.
    pub(crate) fn each(&self) -> Option<(u16, u16)> {
        self.each
    }

    /// Adds a path whose value goes to `slot`. Returns the slot of the same path if it was added before, written otherwise.
    pub(super) fn add(&mut self, path: &Path, slot: u16, setting: &str) -> Result<u16, MappingError> {
        let mut node = 0;
        for part in &path.0 {
            let parent = node;
            node =
                self.step(node, part).ok_or_else(|| MappingError::new(setting, "the mapping names too many paths"))?;
            if *part == Part::Each {
                match self.each {
                    Some(each) if each != (parent, node) => {
                        let (first, second) = (&self.node(each.1).path, &self.node(node).path);
                        let reason =
                            format!("`{first}` and `{second}` are two arrays; only one array can hold the clicks");
                        return Err(MappingError::new(setting, reason));
                    }
                    _ => self.each = Some((parent, node)),
                }
            }
        }
        if let Some(node) = self.nodes.get_mut(usize::from(node)) {
            if let Some(slot) = node.slot {
                return Ok(slot);
            }
            node.slot = Some(slot);
        }
        let mut node = 0;
        for part in [None].into_iter().chain(path.0.iter().map(Some)) {
            node = part.map_or(Some(node), |part| self.step(node, part)).unwrap_or(node);
            if let Some(node) = self.nodes.get_mut(usize::from(node)) {
                node.slots.push(slot);
            }
        }
        Ok(slot)
    }

    /// The node behind one part of a path. It is made if it is missing; `None` if there are too many.
    fn step(&mut self, from: u16, part: &Part) -> Option<u16> {
        let next = u16::try_from(self.nodes.len()).ok()?;
        let parent = self.nodes.get_mut(usize::from(from))?;
        let found = match part {
            Part::Member(name) => parent.members.iter().find(|member| member.name == *name).map(|member| member.node),
            Part::Index(index) => parent.indices.iter().find(|(at, _)| at == index).map(|(_, node)| *node),
            Part::Where { key, text } => {
                parent.selected.iter().find(|one| one.key == *key && one.text == *text).map(|one| one.node)
            }
            Part::Each => parent.each,
        };
        if found.is_some() {
            return found;
        }
        let path = &parent.path;
        let path = match part {
            Part::Member(name) if path.is_empty() => String::from(&**name),
            Part::Member(name) => format!("{path}.{name}"),
            Part::Index(index) => format!("{path}[{index}]"),
            Part::Where { key, text } => format!("{path}[{key}={text}]"),
            Part::Each => format!("{path}[]"),
        };
        match part {
            Part::Member(name) => {
                let tag = tag(name.as_bytes());
                parent.bits |= bit(tag);
                parent.members.push(Member { tag, name: name.clone(), node: next });
            }
            Part::Index(index) => parent.indices.push((*index, next)),
            Part::Where { key, text } => {
                parent.selected.push(Selected { key: key.clone(), text: text.clone(), node: next });
            }
            Part::Each => parent.each = Some(next),
        }
        self.nodes.push(Node { path, ..Node::default() });
        Some(next)
    }
}

/// Wants nothing.
static EMPTY: Node = Node {
    path: String::new(),
    slot: None,
    members: Vec::new(),
    bits: 0,
    indices: Vec::new(),
    selected: Vec::new(),
    each: None,
    slots: Vec::new(),
};

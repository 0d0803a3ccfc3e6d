//! Nodes in causal order, each after its parents: changes by their dependencies, or the writes of
//! one key by their predecessors.

use std::collections::BTreeSet;

/// An append-only graph whose newest node can be taken back.
#[derive(Debug)]
pub(super) struct Lineage<T> {
    nodes: Vec<Node<T>>,
    /// The nodes without a child.
    heads: BTreeSet<u32>,
}

#[derive(Debug)]
struct Node<T> {
    value: T,
    parents: Box<[u32]>,
    /// The earliest of its children: while walking backwards, the last to be passed.
    first_child: Option<u32>,
}

/// A set of nodes that a walk reads and adds to.
pub(super) trait Cover {
    fn covers(&self, node: u32) -> bool;
    fn cover(&mut self, node: u32);
}

impl Cover for BTreeSet<u32> {
    fn covers(&self, node: u32) -> bool {
        self.contains(&node)
    }

    fn cover(&mut self, node: u32) {
        self.insert(node);
    }
}

impl<T> Default for Lineage<T> {
    fn default() -> Self {
        Self {
            nodes: Vec::new(),
            heads: BTreeSet::new(),
        }
    }
}

impl<T> Lineage<T> {
    /// How many nodes there are; the next one's number.
    pub(super) fn len(&self) -> u32 {
        u32::try_from(self.nodes.len()).expect("a history of four thousand million fits no memory")
    }

    pub(super) fn get(&self, node: u32) -> &T {
        &self.nodes[node as usize].value
    }

    #[cfg(test)]
    pub(super) fn get_mut(&mut self, node: u32) -> &mut T {
        &mut self.nodes[node as usize].value
    }

    pub(super) fn parents(&self, node: u32) -> &[u32] {
        &self.nodes[node as usize].parents
    }

    /// Adds a node after its parents, which are distinct, and gives its number.
    pub(super) fn push(&mut self, value: T, parents: Vec<u32>) -> u32 {
        let number = self.len();
        for parent in &parents {
            let parent = &mut self.nodes[*parent as usize];
            parent.first_child.get_or_insert(number);
        }
        for parent in &parents {
            self.heads.remove(parent);
        }
        self.heads.insert(number);
        self.nodes.push(Node {
            value,
            parents: parents.into(),
            first_child: None,
        });
        number
    }

    /// Takes the newest node back.
    pub(super) fn pop(&mut self) -> Option<T> {
        let node = self.nodes.pop()?;
        let number = self.len();
        self.heads.remove(&number);
        for parent in &node.parents {
            let first_child = &mut self.nodes[*parent as usize].first_child;
            if *first_child == Some(number) {
                *first_child = None;
                self.heads.insert(*parent);
            }
        }
        Some(node.value)
    }

    /// Walks backwards from the newest node while an older one may be left uncovered, and gives
    /// the number before which all are covered.
    ///
    /// `visit` is told each node and whether it is covered, and says whether the node covers its
    /// parents. Since children come after their parents, a node is covered before it is visited,
    /// or never. The walk counts the nodes that are uncovered and whose children it has all
    /// passed: where there are none, every older node has a covered descendant that covers it.
    /// That holds where whatever is covered covers its parents.
    pub(super) fn walk(
        &self,
        cover: &mut impl Cover,
        mut visit: impl FnMut(u32, &T, bool) -> bool,
    ) -> u32 {
        let mut open = self
            .heads
            .iter()
            .filter(|head| !cover.covers(**head))
            .count();
        let mut number = self.len();
        while open > 0 {
            number -= 1;
            let node = &self.nodes[number as usize];
            let covered = cover.covers(number);
            if !covered {
                open -= 1;
            }
            let covers_parents = visit(number, &node.value, covered);
            for parent in &node.parents {
                if covers_parents {
                    cover.cover(*parent);
                }
                let passed = self.nodes[*parent as usize].first_child == Some(number);
                if passed && !cover.covers(*parent) {
                    open += 1;
                }
            }
        }
        number
    }
}

//! Who jumps where, as SVG: base chains on the left, each chain to the right of all that call it.

use maud::{Markup, html};

use crate::audit::{Edge, Graph};
use crate::report::summary::count;

const WIDTH: usize = 190;
const GAP: usize = 60;
const HEIGHT: usize = 26;
const ROW: usize = 38;

/// Beyond this many chains a picture tells nobody anything.
const MOST: usize = 150;

/// One table's picture.
pub fn svg(graph: &Graph) -> Markup {
    let called = graph.edges.len();
    if graph.nodes.len() > MOST {
        let (chains, jumps) = (count(graph.nodes.len(), "chain"), count(called, "jump"));
        return html! { p class="hint" { "table " (graph.table) ": " (chains) " and " (jumps) ", too many to draw" } };
    }
    let places = places(graph);
    let columns = places.iter().map(|p| p.0 + 1).max().unwrap_or(1);
    let rows = places.iter().map(|p| p.1 + 1).max().unwrap_or(1);
    let (width, height) = (columns * (WIDTH + GAP), rows * ROW + 8);
    html! {
        figure {
            figcaption { "table " (graph.table) }
            svg viewBox={ "0 0 " (width) " " (height) } width=(width) height=(height) role="img" aria-label={ "chains of table " (graph.table) } {
                @for edge in &graph.edges { (arrow(*edge, &places)) }
                @for (node, &(column, row)) in graph.nodes.iter().zip(&places) {
                    g class=(if node.base { "base" } else { "chain" }) transform={ "translate(" (x(column)) " " (y(row)) ")" } {
                        title { (node.name) ": " (count(node.rules, "rule")) }
                        rect width=(WIDTH) height=(HEIGHT) rx="5" {}
                        text x="8" y="17" { (short(&node.name)) }
                        text class="rules" x=(WIDTH - 8) y="17" { (node.rules) }
                    }
                }
            }
        }
    }
}

const fn x(column: usize) -> usize {
    column * (WIDTH + GAP) + 4
}

const fn y(row: usize) -> usize {
    row * ROW + 6
}

fn arrow(edge: Edge, places: &[(usize, usize)]) -> Markup {
    let (Some(&from), Some(&to)) = (places.get(edge.from), places.get(edge.to)) else { return html! {} };
    let (x1, y1) = (x(from.0) + WIDTH, y(from.1) + HEIGHT / 2);
    let (x2, y2) = (x(to.0), y(to.1) + HEIGHT / 2);
    let bend = GAP / 2;
    html! {
        path d={ "M" (x1) " " (y1) " C" (x1 + bend) " " (y1) " " (x2.saturating_sub(bend)) " " (y2) " " (x2) " " (y2) } {
            title { (count(edge.rules, "jump")) }
        }
    }
}

/// Column and row of each chain. Columns are depths; rows follow the order of the callers.
fn places(graph: &Graph) -> Vec<(usize, usize)> {
    let depths = depths(graph);
    let mut filled = vec![0; graph.nodes.len() + 1];
    depths
        .iter()
        .map(|&depth| {
            let row = filled[depth];
            filled[depth] += 1;
            (depth, row)
        })
        .collect()
}

/// The longest way to each chain from one that nothing calls; loops, which no kernel loads, are cut.
fn depths(graph: &Graph) -> Vec<usize> {
    let mut depths = vec![0; graph.nodes.len()];
    for _ in 0..graph.nodes.len() {
        let mut changed = false;
        for edge in &graph.edges {
            let deeper = (depths[edge.from] + 1).min(graph.nodes.len());
            if depths[edge.to] < deeper {
                depths[edge.to] = deeper;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    depths
}

fn short(name: &str) -> String {
    const MOST: usize = 22;
    match name.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", &name[..at]),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Node;

    fn graph(names: &[&str], edges: &[(usize, usize)]) -> Graph {
        let node = |name: &&str| Node { name: (*name).to_owned(), base: false, rules: 1 };
        let edge = |&(from, to): &(usize, usize)| Edge { from, to, rules: 1 };
        Graph {
            table: "ip filter".to_owned(),
            nodes: names.iter().map(node).collect(),
            edges: edges.iter().map(edge).collect(),
        }
    }

    #[test]
    fn chains_stand_right_of_all_that_call_them() {
        let places = places(&graph(&["a", "b", "c"], &[(0, 1), (1, 2), (0, 2)]));
        assert_eq!(places, [(0, 0), (1, 0), (2, 0)]);
    }

    #[test]
    fn a_loop_ends() {
        assert_eq!(depths(&graph(&["a", "b"], &[(0, 1), (1, 0)])).len(), 2);
    }

    #[test]
    fn names_are_escaped_and_cut() {
        let svg = svg(&graph(&["<script>alert(1)</script>"], &[])).into_string();
        assert!(!svg.contains("<script"), "{svg}");
        assert!(svg.contains("&lt;script&gt;alert(1)&lt;/scri…"), "{svg}");
    }
}

//! The lines of a file on which something can run.

use std::collections::BTreeSet;

use rhai::{AST, ASTNode, Expr, Stmt};

use super::fault::number;

/// The lines on which a statement begins, or what a case of a `switch` does.
pub(super) fn of(ast: &AST) -> BTreeSet<u32> {
    let mut lines = BTreeSet::new();
    ast.walk(&mut |path| {
        let mut nodes = path.iter().rev();
        let (node, around) = (nodes.next(), nodes.next());
        let position = match (node, around) {
            (Some(ASTNode::Stmt(Stmt::Noop(_) | Stmt::Block(_))), _) => None,
            (Some(ASTNode::Stmt(statement)), _) => Some(statement.position()),
            (
                Some(ASTNode::Expr(case @ (Expr::FnCall(..) | Expr::Dot(..)))),
                Some(ASTNode::Stmt(Stmt::Switch(..))),
            ) => Some(case.position()),
            _ => None,
        };
        lines.extend(position.and_then(|p| p.line()).map(number));
        true
    });
    lines
}

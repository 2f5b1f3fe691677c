//! Functions as `declare -f` and `type` show them.

use super::ast::Function;

/// The body as it was written, in bash's braces.
pub fn function_body(function: &Function) -> Vec<u8> {
    function.text.to_vec()
}

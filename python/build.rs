//! Tells the crate for which version of CPython it is built.

fn main() {
    pyo3_build_config::use_pyo3_cfgs();
}

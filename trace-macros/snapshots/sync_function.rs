#[traced]
pub fn add(count: u32, names: Vec<String>, (left, right): (Noisy, Noisy)) -> usize {
    names.len() + count as usize
}
// ---------------------------------------- becomes ----------------------------------------
#[cfg(not(doc))]
#[allow(clippy::implicit_return, clippy::shadow_same)]
pub fn add(count: u32, names: Vec<String>, __arg2: (Noisy, Noisy)) -> usize {
    {
        let _span = ::trace_core::__private::enter({
            static CALLSITE: ::trace_core::Callsite = ::trace_core::Callsite::here(
                "add",
                ::trace_core::__private::std::module_path!(),
                    "src/lib.rs",
                2u32,
                "trace-macros",
                "1.2.3",
            );
            &CALLSITE
        });
        let names = names;
        let __arg2 = __arg2;
        let (left, right) = __arg2;
        '__traced: { names.len() + count as usize }
    }
}
#[cfg(doc)]
pub fn add(count: u32, names: Vec<String>, (left, right): (Noisy, Noisy)) -> usize {
    names.len() + count as usize
}

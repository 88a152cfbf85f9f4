//! Makes a WebAssembly module small: takes out what only debuggers read, and numbers the rest so that it compresses well.

use anyhow::{Context, Result, anyhow, bail};
use std::cmp::Reverse;
use std::convert::Infallible;
use wasm_encoder::reencode::{self, Reencode, utils};
use wasm_encoder::{CodeSection, Function, FunctionSection, Instruction, MemArg, Module};
use wasmparser::{
    CodeSectionReader, FunctionBody, FunctionSectionReader, Operator, Parser, Payload, TypeRef, ValType,
};

/// What cannot be written is none of this module's own.
type Encoded<T> = Result<T, reencode::Error<Infallible>>;

const MAGIC: &[u8] = b"\0asm\x01\0\0\0";

/// Custom sections that nothing needs at run time: most of a module.
const NEEDLESS: &[&[u8]] =
    &[b"name", b"producers", b"target_features", b"linking", b"reloc.CODE", b"reloc.DATA"];

/// The module without its `name` section and such (WebAssembly core specification, 5.5).
///
/// # Errors
/// When the bytes are no module, or a section ends beyond them.
pub fn without_names(module: &[u8]) -> Result<Vec<u8>> {
    let Some(mut rest) = module.strip_prefix(MAGIC) else { bail!("not a WebAssembly module") };
    let mut kept = MAGIC.to_vec();
    while let Some((&id, after_id)) = rest.split_first() {
        let (size, content) = number(after_id)?;
        let (content, next) = content.split_at_checked(size).context("a section ends too late")?;
        let whole = &rest[..rest.len() - next.len()];
        if id != 0 || !NEEDLESS.contains(&custom_name(content)?) {
            kept.extend_from_slice(whole);
        }
        rest = next;
    }
    Ok(kept)
}

/// The same module, in an order that compresses better: functions of one type stand together, the short ones first; of
/// a function's own variables those come first that are used most; and how memory is aligned, which is a hint, is told
/// by the instruction alone.
///
/// # Errors
/// When it is no module.
pub fn ordered(module: &[u8]) -> Result<Vec<u8>> {
    let mut renumber = Renumber::of(module)?;
    let mut ordered = Module::new();
    let done = renumber.parse_core_module(&mut ordered, Parser::new(0), module);
    done.map_err(|problem| anyhow!("{problem}"))?;
    Ok(ordered.finish())
}

struct Renumber {
    imported: u32,
    /// The module's own functions in their new order, by their present number.
    order: Vec<usize>,
    /// By present number: the place in that order.
    places: Vec<u32>,
    /// By present number: how many parameters it has.
    parameters: Vec<usize>,
    /// Of the function that is being written: its variables' new numbers.
    locals: Vec<u32>,
}

impl Renumber {
    fn of(module: &[u8]) -> Result<Renumber> {
        let (mut imported, mut by_type, mut types, mut sizes) = (0, vec![], vec![], vec![]);
        for payload in Parser::new(0).parse_all(module) {
            match payload? {
                Payload::TypeSection(all) => {
                    for ty in all.into_iter_err_on_gc_types() {
                        by_type.push(ty?.params().len());
                    }
                }
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        imported += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                    }
                }
                Payload::FunctionSection(functions) => {
                    types = functions.into_iter().collect::<Result<_, _>>()?
                }
                Payload::CodeSectionEntry(body) => sizes.push(body.range().len()),
                _ => {}
            }
        }
        let mut order: Vec<usize> = (0..types.len()).collect();
        order.sort_by_key(|&number| (types[number], sizes.get(number)));
        let mut places = vec![0; order.len()];
        (0..).zip(&order).for_each(|(place, &number)| places[number] = place);
        let parameters = types.iter().filter_map(|&ty: &u32| by_type.get(ty as usize)).copied().collect();
        Ok(Renumber { imported, order, places, parameters, locals: vec![] })
    }

    /// Gives the variables of a function new numbers; which are declared then.
    fn declare(&mut self, number: usize, body: &FunctionBody<'_>) -> Encoded<Vec<ValType>> {
        let parameters = self.parameters.get(number).copied().unwrap_or_default();
        let mut types = vec![];
        for run in body.get_locals_reader()? {
            let (count, ty) = run?;
            types.extend(std::iter::repeat_n(ty, count as usize));
        }
        let mut uses = vec![0; parameters + types.len()];
        let mut operators = body.get_operators_reader()?;
        while !operators.eof() {
            if let Some(uses) = local(&operators.read()?).and_then(|local| uses.get_mut(local as usize)) {
                *uses += 1;
            }
        }
        let own = &uses[parameters..];
        let mut order: Vec<usize> = (0..types.len()).collect();
        // Those of a type stand together: that is one declaration.
        order.sort_by_cached_key(|&local| {
            let alike = || (0..types.len()).filter(|&other| types[other] == types[local]);
            let used: u32 = alike().map(|other| own[other]).sum();
            (Reverse(used), alike().next(), Reverse(own[local]))
        });
        self.locals = (0..(parameters + types.len()) as u32).collect();
        (parameters as u32..).zip(&order).for_each(|(to, &from)| self.locals[parameters + from] = to);
        Ok(order.into_iter().map(|local| types[local]).collect())
    }
}

/// The variable that an instruction reads or writes.
fn local(operator: &Operator<'_>) -> Option<u32> {
    match *operator {
        Operator::LocalGet { local_index }
        | Operator::LocalSet { local_index }
        | Operator::LocalTee { local_index } => Some(local_index),
        _ => None,
    }
}

impl Reencode for Renumber {
    type Error = Infallible;

    fn function_index(&mut self, function: u32) -> Encoded<u32> {
        let own = function.checked_sub(self.imported).and_then(|own| self.places.get(own as usize));
        Ok(own.map_or(function, |place| self.imported + place))
    }

    fn mem_arg(&mut self, arg: wasmparser::MemArg) -> Encoded<MemArg> {
        let align = arg.max_align.into();
        Ok(MemArg { align, ..utils::mem_arg(self, arg)? })
    }

    fn instruction<'a>(&mut self, operator: Operator<'a>) -> Encoded<Instruction<'a>> {
        let to = local(&operator).and_then(|local| self.locals.get(local as usize)).copied();
        Ok(match (utils::instruction(self, operator)?, to) {
            (Instruction::LocalGet(_), Some(to)) => Instruction::LocalGet(to),
            (Instruction::LocalSet(_), Some(to)) => Instruction::LocalSet(to),
            (Instruction::LocalTee(_), Some(to)) => Instruction::LocalTee(to),
            (other, _) => other,
        })
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Encoded<()> {
        let types: Vec<u32> = section.into_iter().collect::<Result<_, _>>()?;
        self.order.iter().filter_map(|&number| types.get(number)).for_each(|&ty| _ = functions.function(ty));
        Ok(())
    }

    fn parse_code_section(&mut self, code: &mut CodeSection, section: CodeSectionReader<'_>) -> Encoded<()> {
        let bodies: Vec<FunctionBody<'_>> = section.into_iter().collect::<Result<_, _>>()?;
        for number in self.order.clone() {
            let Some(body) = bodies.get(number) else { continue };
            let mut types = vec![];
            for ty in self.declare(number, body)? {
                types.push(self.val_type(ty)?);
            }
            let mut function = Function::new_with_locals_types(types);
            let mut operators = body.get_operators_reader()?;
            while !operators.eof() {
                function.instruction(&self.parse_instruction(&mut operators)?);
            }
            code.function(&function);
        }
        Ok(())
    }
}

fn custom_name(section: &[u8]) -> Result<&[u8]> {
    let (length, name) = number(section)?;
    name.get(..length).context("a section's name ends too late")
}

/// An unsigned LEB128 number of at most 32 bits, and what comes after it.
fn number(bytes: &[u8]) -> Result<(usize, &[u8])> {
    let mut value = 0u64;
    for (index, byte) in bytes.iter().enumerate().take(5) {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Ok((usize::try_from(value)?, &bytes[index + 1..]));
        }
    }
    bail!("a number does not end")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(sections: &[&[u8]]) -> Vec<u8> {
        [MAGIC, &sections.concat()].concat()
    }

    const TYPES: &[u8] = &[1, 4, 1, 0x60, 0, 0];

    fn custom(name: &[u8], content: &[u8]) -> Vec<u8> {
        // The size as a padded LEB128 of two bytes, as linkers write it.
        let size = 1 + name.len() + content.len();
        [&[0, (size & 0x7f) as u8 | 0x80, (size >> 7) as u8, name.len() as u8], name, content].concat()
    }

    #[test]
    fn only_the_needless_sections_go() {
        let own = custom(b"own", &[1; 10]);
        let full = module(&[TYPES, &custom(b"name", &[7; 200]), &own, &custom(b"producers", b"x")]);
        assert_eq!(without_names(&full).unwrap(), module(&[TYPES, &own]));
    }

    /// Functions of three types, and their variables: everything is numbered anew, and means what it meant.
    #[test]
    fn a_module_in_order_does_the_same() {
        use walrus::ir::BinaryOp;
        use walrus::{FunctionBuilder, Module, ValType};
        let mut module = Module::default();
        let memory = module.memories.add_local(false, false, 1, None, None);
        let nothing = module.types.add(&[], &[]);
        let (imported, _) = module.add_import_func("script", "called", nothing);
        let mut first = FunctionBuilder::new(&mut module.types, &[ValType::I64], &[ValType::I32]);
        let given = module.locals.add(ValType::I64);
        let [seldom, often] = [(); 2].map(|()| module.locals.add(ValType::I32));
        let other = module.locals.add(ValType::F64);
        first
            .func_body()
            .call(imported)
            .f64_const(0.5)
            .local_set(other)
            .i32_const(7)
            .local_set(seldom)
            .local_get(seldom)
            .local_tee(often)
            .local_get(often)
            .binop(BinaryOp::I32Add)
            .local_set(often)
            .local_get(often)
            .load(
                memory,
                walrus::ir::LoadKind::I32 { atomic: false },
                walrus::ir::MemArg { align: 1, offset: 4 },
            );
        let first = first.finish(vec![given], &mut module.funcs);
        let mut second = FunctionBuilder::new(&mut module.types, &[], &[ValType::I32]);
        second.func_body().i64_const(1).call(first);
        let second = second.finish(vec![], &mut module.funcs);
        module.exports.add("second", second);
        let table = module.tables.add_local(false, 2, Some(2), walrus::RefType::FUNCREF);
        let kind = walrus::ElementKind::Active {
            table,
            offset: walrus::ConstExpr::Value(walrus::ir::Value::I32(0)),
        };
        let listed = walrus::ElementItems::Functions(vec![second, first]);
        let segment = module.elements.add(kind, listed);
        module.tables.get_mut(table).elem_segments.insert(segment);

        let program = without_names(&module.emit_wasm()).unwrap();
        let ordered = ordered(&program).unwrap();
        assert_ne!(ordered, program);
        wasmparser::validate(&ordered).unwrap();
        assert_eq!(super::ordered(&ordered).unwrap(), ordered, "in order it stays");
        // Each function's instructions, with calls by the callee's instructions and variables by how often they are used.
        assert_eq!(told(&ordered), told(&program));
    }

    /// What can be reached from a module's exports and its table.
    fn told(program: &[u8]) -> Vec<String> {
        use wasmparser::{ElementItems, ExternalKind};
        let (mut bodies, mut roots) = (vec![], vec![]);
        for payload in Parser::new(0).parse_all(program) {
            match payload.unwrap() {
                Payload::CodeSectionEntry(body) => bodies.push(body),
                Payload::ExportSection(exports) => {
                    let functions = exports.into_iter().map(Result::unwrap);
                    roots.extend(
                        functions
                            .filter(|export| export.kind == ExternalKind::Func)
                            .map(|export| export.index),
                    );
                }
                Payload::ElementSection(segments) => {
                    for segment in segments {
                        let ElementItems::Functions(items) = segment.unwrap().items else { panic!() };
                        roots.extend(items.into_iter().map(Result::unwrap));
                    }
                }
                _ => {}
            }
        }
        fn tell(bodies: &[FunctionBody<'_>], index: u32) -> String {
            // The only import comes first.
            let Some(body) = index.checked_sub(1).map(|own| &bodies[own as usize]) else {
                return "import".into();
            };
            let all: Vec<Operator<'_>> =
                body.get_operators_reader().unwrap().into_iter().map(Result::unwrap).collect();
            let uses = |of: u32| all.iter().filter(|operator| local(operator) == Some(of)).count();
            all.iter()
                .map(|operator| match operator {
                    Operator::Call { function_index } => format!("({})", tell(bodies, *function_index)),
                    Operator::I32Load { memarg } => format!("load {} {}", memarg.max_align, memarg.offset),
                    other => match local(other) {
                        Some(of) => format!("{} used {} times;", &format!("{other:?}")[..8], uses(of)),
                        None => format!("{other:?};"),
                    },
                })
                .collect()
        }
        roots.into_iter().map(|root| tell(&bodies, root)).collect()
    }

    #[test]
    fn what_is_cut_short_is_an_error() {
        let full = module(&[TYPES, &custom(b"name", &[7; 200])]);
        for length in [0, 7, MAGIC.len() + 1, MAGIC.len() + 3, full.len() - 1] {
            assert!(without_names(&full[..length]).is_err(), "{length} bytes");
        }
    }
}

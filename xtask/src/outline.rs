//! Makes functions of parts of functions: of what control never reached, so that [`crate::split`] can move it like
//! every other function.
//!
//! Control comes into a sequence of instructions at its beginning only, and leaves it by a branch. So what it does not
//! reach of one is all that follows some fork. That rest becomes a function: it gets the locals that it reads, gives back
//! those that it wrote and that are read afterwards, and says by a number where control goes on.

use anyhow::{Result, bail};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use walrus::ir::{self, BinaryOp, Instr, InstrLocId, InstrSeqId, InstrSeqType, LocalId, Value};
use walrus::{ConstExpr, FunctionBuilder, FunctionId, GlobalId, LocalFunction, Module, ValType};

/// The names of the functions that were parts begin so.
pub const PART: &str = "part of ";

/// A place in a sequence that control may not reach although it came into the sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fork {
    pub sequence: InstrSeqId,
    pub place: usize,
}

/// All of a function, in an order that depends on nothing but its structure.
pub fn forks(function: &LocalFunction) -> Vec<Fork> {
    let mut found = vec![];
    let mut open = vec![function.entry_block()];
    while let Some(sequence) = open.pop() {
        let instrs = &function.block(sequence).instrs;
        for (place, (instr, _)) in (1..).zip(instrs) {
            let inner = sequences(instr);
            if matches!(instr, Instr::IfElse(_)) {
                found.extend(inner.iter().map(|&sequence| Fork { sequence, place: 0 }));
            }
            open.extend(&inner);
            if place < instrs.len() && (!inner.is_empty() || matches!(instr, Instr::BrIf(_))) {
                found.push(Fork { sequence, place });
            }
        }
    }
    found
}

/// The structure of a function: it stays when only what its instructions say changes.
pub fn shape(function: &LocalFunction) -> u32 {
    let mut crc = flate2::Crc::new();
    let mut open = vec![function.entry_block()];
    while let Some(sequence) = open.pop() {
        let instrs = &function.block(sequence).instrs;
        for (instr, _) in instrs {
            let mark = match instr {
                Instr::Block(_) => b'b',
                Instr::Loop(_) => b'l',
                Instr::IfElse(_) => b'i',
                Instr::BrIf(_) => b'f',
                Instr::BrTable(_) => b't',
                _ => continue,
            };
            open.extend(sequences(instr));
            crc.update(&[mark]);
        }
        crc.update(b".");
    }
    crc.sum()
}

/// The number of instructions from there to the end of the sequence, with all within.
pub fn size(function: &LocalFunction, from: Fork) -> usize {
    let instrs = function.block(from.sequence).instrs.get(from.place..).unwrap_or_default();
    let within =
        |instr| sequences(instr).into_iter().map(|sequence| size(function, Fork { sequence, place: 0 }));
    instrs.iter().map(|(instr, _)| 1 + within(instr).sum::<usize>()).sum()
}

/// What an instruction has within.
fn sequences(instr: &Instr) -> Vec<InstrSeqId> {
    match instr {
        Instr::Block(ir::Block { seq }) | Instr::Loop(ir::Loop { seq }) => vec![*seq],
        Instr::IfElse(ir::IfElse { consequent, alternative }) => vec![*consequent, *alternative],
        _ => vec![],
    }
}

/// Of these forks, the first of each sequence, but none that lies behind another.
pub fn outermost(function: &LocalFunction, forks: &BTreeSet<Fork>) -> Vec<Fork> {
    let mut found = vec![];
    let mut open = vec![function.entry_block()];
    while let Some(sequence) = open.pop() {
        let first = forks.iter().find(|fork| fork.sequence == sequence);
        found.extend(first);
        let instrs = &function.block(sequence).instrs;
        let upto = first.map_or(instrs.len(), |fork| fork.place);
        open.extend(instrs.iter().take(upto).flat_map(|(instr, _)| sequences(instr)));
    }
    found
}

/// What a function of its own must save where it was.
const GAIN_INSTRUCTIONS_MIN: usize = 4;

/// How often [`command_line`] goes through the program: parts are parted, too.
const ROUNDS: u32 = 3;

/// `cargo xtask apart FROM TO`: a module with functions of their own behind half of all forks. It must do what it did:
/// see `tests/browser/module.spec.mjs`.
pub fn command_line(args: &[String]) -> Result<()> {
    let [from, to] = args else { bail!("usage: cargo xtask apart FROM TO") };
    let mut module = Module::from_file(from)?;
    let (mut globals, mut made) = (Globals::default(), 0);
    for round in 0..ROUNDS {
        let all: Vec<FunctionId> = module.funcs.iter_local().map(|(id, _)| id).collect();
        for id in all {
            let function = module.funcs.get(id).kind.unwrap_local();
            let is_chosen =
                |number: u32| (number ^ round ^ id.index() as u32).wrapping_mul(0x9e37_79b9) >> 31 == 0;
            let chosen =
                (0..).zip(forks(function)).filter(|&(number, _)| is_chosen(number)).map(|(_, fork)| fork);
            let chosen = outermost(function, &chosen.collect());
            made += outline(&mut module, &mut globals, id, &chosen);
        }
    }
    module.emit_wasm_file(to)?;
    println!("{made} parts");
    Ok(())
}

/// Makes a function of what follows each of these forks, where that can be done; how many. None may lie behind another.
pub fn outline(module: &mut Module, globals: &mut Globals, id: FunctionId, forks: &[Fork]) -> usize {
    let function = module.funcs.get(id).kind.unwrap_local();
    let loops = loops(function);
    let mut parts: BTreeMap<InstrSeqId, Part> = forks
        .iter()
        .filter_map(|&fork| Part::of(function, module, &loops, fork).map(|part| (fork.sequence, part)))
        .collect();
    let mut liveness = Liveness { function, targets: HashMap::new(), parts: &mut parts };
    liveness.targets.insert(function.entry_block(), Locals::new());
    liveness.before(function.entry_block(), Locals::new());
    parts.retain(|_, part| size(function, part.fork) >= part.cost() + GAIN_INSTRUCTIONS_MIN);
    let made = parts.len();
    for (number, part) in parts.into_values().enumerate() {
        part.leave(module, globals, id, number);
    }
    made
}

/// Where parts leave values. Whoever called one takes them at once, so that all share the same.
#[derive(Debug, Default)]
pub struct Globals(Vec<(ValType, GlobalId)>);

impl Globals {
    /// One for each of these types.
    fn of(&mut self, module: &mut Module, types: &[ValType]) -> Vec<GlobalId> {
        let mut chosen: Vec<GlobalId> = vec![];
        for &ty in types {
            let known = self.0.iter().find(|(of, global)| *of == ty && !chosen.contains(global));
            let global = known.map(|&(_, global)| global).unwrap_or_else(|| {
                let zero = match ty {
                    ValType::I64 => Value::I64(0),
                    ValType::F32 => Value::F32(0.0),
                    ValType::F64 => Value::F64(0.0),
                    _ => Value::I32(0),
                };
                let global = module.globals.add_local(ty, true, false, ConstExpr::Value(zero));
                self.0.push((ty, global));
                global
            });
            chosen.push(global);
        }
        chosen
    }
}

type Locals = BTreeSet<LocalId>;

/// Where control goes on after a part. In this order they are asked for: only the last can be had without a branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Exit {
    /// Where a branch to this sequence goes on.
    Branch(InstrSeqId),
    /// Behind the sequence that the part is the rest of.
    End,
    Return,
}

/// The rest of a sequence from a fork on.
#[derive(Debug)]
struct Part {
    fork: Fork,
    /// The rest of the function's own sequence: its end is a return.
    ends_function: bool,
    exits: BTreeSet<Exit>,
    read: Locals,
    written: Locals,
    /// Read somewhere from the fork on, before they are written.
    live_before: Locals,
    /// The same for all places where control goes on.
    live_after: Locals,
}

impl Part {
    /// `None` if it cannot become a function.
    fn of(
        function: &LocalFunction,
        module: &Module,
        loops: &BTreeSet<InstrSeqId>,
        fork: Fork,
    ) -> Option<Part> {
        let sequence = function.block(fork.sequence);
        let ends_function = fork.sequence == function.entry_block();
        if !ends_function && sequence.ty != InstrSeqType::Simple(None) {
            return None;
        }
        // Nothing may lie on the stack.
        let mut height = 0;
        for (instr, _) in &sequence.instrs[..fork.place] {
            height += effect(instr, function, module)?;
        }
        if height != 0 {
            return None;
        }
        let (exits, read, written) = (BTreeSet::new(), Locals::new(), Locals::new());
        let (live_before, live_after) = (Locals::new(), Locals::new());
        let mut part = Part { fork, ends_function, exits, read, written, live_before, live_after };
        part.scan(function, module, &sequence.instrs[fork.place..], &mut BTreeSet::new())?;
        if falls_through(&sequence.instrs) {
            part.exits.insert(if ends_function { Exit::Return } else { Exit::End });
        }
        // At the end of a block a branch to it goes on.
        let block = Exit::Branch(fork.sequence);
        if !loops.contains(&fork.sequence) && part.exits.remove(&block) {
            part.exits.insert(Exit::End);
        }
        let is_number =
            |local: &LocalId| !matches!(module.locals.get(*local).ty(), ValType::Ref(_) | ValType::V128);
        if !part.written.iter().all(is_number) {
            return None;
        }
        let both = part.exits.contains(&Exit::End) && part.exits.contains(&Exit::Return);
        (!both).then_some(part)
    }

    /// `None` where it finds what cannot be taken to another function.
    fn scan(
        &mut self,
        function: &LocalFunction,
        module: &Module,
        instrs: &[(Instr, InstrLocId)],
        inside: &mut BTreeSet<InstrSeqId>,
    ) -> Option<()> {
        for (instr, _) in instrs {
            // Of which the stack is as the compiler leaves it: with nothing that a branch would take along.
            effect(instr, function, module)?;
            match instr {
                Instr::LocalGet(ir::LocalGet { local }) => _ = self.read.insert(*local),
                Instr::LocalSet(ir::LocalSet { local }) | Instr::LocalTee(ir::LocalTee { local }) => {
                    self.written.insert(*local);
                }
                Instr::Return(_) => _ = self.exits.insert(Exit::Return),
                _ => {}
            }
            let outside = targets(instr).into_iter().filter(|target| !inside.contains(target));
            self.exits.extend(outside.map(Exit::Branch));
            for sequence in sequences(instr) {
                inside.insert(sequence);
                self.scan(function, module, &function.block(sequence).instrs, inside)?;
            }
        }
        Some(())
    }

    /// What it is given, and what it gives back.
    fn locals(&self) -> (Vec<LocalId>, Vec<LocalId>) {
        let back: Vec<LocalId> = self.written.intersection(&self.live_after).copied().collect();
        let needs = |local: &&LocalId| self.read.contains(local) || back.contains(local);
        (self.live_before.iter().filter(needs).copied().collect(), back)
    }

    /// How many instructions call it, about.
    fn cost(&self) -> usize {
        let (given, back) = self.locals();
        given.len() + 3 + 2 * back.len() + 4 * self.exits.len().saturating_sub(1)
    }

    /// Takes the part out of its function and calls it in its place.
    fn leave(self, module: &mut Module, globals: &mut Globals, id: FunctionId, number: usize) {
        let name = format!("{PART}{} {number}", module.funcs.get(id).name.as_deref().unwrap_or_default());
        let results = module.types.results(module.funcs.get(id).ty()).to_vec();
        let (given, back) = self.locals();
        let returns = self.exits.contains(&Exit::Return);
        let returned: Vec<LocalId> =
            results.iter().filter(|_| returns).map(|&ty| module.locals.add(ty)).collect();
        let which = (self.exits.len() > 1).then(|| module.locals.add(ValType::I32));
        let all_back: Vec<LocalId> = back.iter().chain(&returned).chain(&which).copied().collect();
        let type_of = |local: &LocalId| module.locals.get(*local).ty();
        let params: Vec<ValType> = given.iter().map(type_of).collect();
        // Behind a part that never ends there is nothing to be given back.
        let (left, last) = all_back.split_at(all_back.len().saturating_sub(1));
        let out: Vec<ValType> = last.iter().map(type_of).collect();
        let left_types: Vec<ValType> = left.iter().map(type_of).collect();
        let globals = globals.of(module, &left_types);
        let mut builder = FunctionBuilder::new(&mut module.types, &params, &out);
        builder.name(name);

        let function = module.funcs.get_mut(id).kind.unwrap_local_mut();
        let rest = function.block_mut(self.fork.sequence).instrs.split_off(self.fork.place);
        let exits: Vec<(Exit, InstrSeqId)> =
            self.exits.iter().map(|&exit| (exit, builder.dangling_instr_seq(None).id())).collect();
        let way = |wanted: Exit| exits.iter().find(|(exit, _)| *exit == wanted).map(|&(_, block)| block);
        let mut ways: HashMap<InstrSeqId, InstrSeqId> = HashMap::new();
        ways.extend(way(Exit::End).map(|block| (self.fork.sequence, block)));
        for &(exit, block) in &exits {
            if let Exit::Branch(sequence) = exit {
                ways.insert(sequence, block);
            }
        }
        let end = if self.ends_function { way(Exit::Return) } else { way(Exit::End) };
        let falls = falls_through(&rest);
        let mut copy =
            Copy { function, builder: &mut builder, ways, returned: &returned, returns: way(Exit::Return) };
        let mut body = copy.of(&rest);
        if let Some(block) = end.filter(|_| falls) {
            if self.ends_function {
                keep(&mut body, &returned);
            }
            add(&mut body, ir::Br { block });
        }
        // Innermost the part itself; around it a block for each exit, behind which control arrives by it.
        let done = builder.dangling_instr_seq(None).id();
        for (number, &(_, block)) in (0..).zip(&exits) {
            *builder.instr_seq(block).instrs_mut() = std::mem::take(&mut body);
            add(&mut body, ir::Block { seq: block });
            if let Some(local) = which {
                add(&mut body, ir::Const { value: Value::I32(number) });
                add(&mut body, ir::LocalSet { local });
                add(&mut body, ir::Br { block: done });
            }
        }
        if which.is_some() {
            *builder.instr_seq(done).instrs_mut() = std::mem::take(&mut body);
            add(&mut body, ir::Block { seq: done });
        }
        if exits.is_empty() {
            add(&mut body, ir::Unreachable {});
        }
        for (&local, &global) in left.iter().zip(&globals) {
            add(&mut body, ir::LocalGet { local });
            add(&mut body, ir::GlobalSet { global });
        }
        last.iter().for_each(|&local| add(&mut body, ir::LocalGet { local }));
        *builder.func_body().instrs_mut() = body;
        let part = builder.finish(given.clone(), &mut module.funcs);

        let mut call = vec![];
        given.iter().for_each(|&local| add(&mut call, ir::LocalGet { local }));
        add(&mut call, ir::Call { func: part });
        // What is returned may stay where it is if it is all that comes back.
        let direct = returned.len() == all_back.len() && left.is_empty();
        if exits.is_empty() {
            add(&mut call, ir::Unreachable {});
        } else if !direct {
            keep(&mut call, last);
            for (&local, &global) in left.iter().zip(&globals) {
                add(&mut call, ir::GlobalGet { global });
                add(&mut call, ir::LocalSet { local });
            }
        }
        for (number, (exit, _)) in (1..).zip(exits) {
            let is_last = number == self.exits.len() as i32;
            match (exit, which) {
                (Exit::Branch(block), Some(local)) if !is_last => {
                    add(&mut call, ir::LocalGet { local });
                    add(&mut call, ir::Const { value: Value::I32(number - 1) });
                    add(&mut call, ir::Binop { op: BinaryOp::I32Eq });
                    add(&mut call, ir::BrIf { block });
                }
                (Exit::Branch(block), _) => add(&mut call, ir::Br { block }),
                (Exit::End, _) => {}
                (Exit::Return, _) => {
                    if !direct {
                        returned.iter().for_each(|&local| add(&mut call, ir::LocalGet { local }));
                    }
                    if !self.ends_function {
                        add(&mut call, ir::Return {});
                    }
                }
            }
        }
        let function = module.funcs.get_mut(id).kind.unwrap_local_mut();
        function.block_mut(self.fork.sequence).instrs.extend(call);
    }
}

/// Copies instructions from one function into another.
struct Copy<'a> {
    function: &'a LocalFunction,
    builder: &'a mut FunctionBuilder,
    /// Which sequence there stands for one here.
    ways: HashMap<InstrSeqId, InstrSeqId>,
    /// Where what is returned is kept, and what to branch to instead.
    returned: &'a [LocalId],
    returns: Option<InstrSeqId>,
}

impl Copy<'_> {
    fn of(&mut self, instrs: &[(Instr, InstrLocId)]) -> Vec<(Instr, InstrLocId)> {
        let mut copied = vec![];
        for (instr, _) in instrs {
            let inner: Vec<InstrSeqId> =
                sequences(instr).into_iter().map(|sequence| self.of_sequence(sequence)).collect();
            let to = |block: &InstrSeqId| self.ways.get(block).copied().unwrap_or(*block);
            match (instr, inner.as_slice(), self.returns) {
                (Instr::Block(_), &[seq], _) => add(&mut copied, ir::Block { seq }),
                (Instr::Loop(_), &[seq], _) => add(&mut copied, ir::Loop { seq }),
                (Instr::IfElse(_), &[consequent, alternative], _) => {
                    add(&mut copied, ir::IfElse { consequent, alternative });
                }
                (Instr::Br(ir::Br { block }), ..) => add(&mut copied, ir::Br { block: to(block) }),
                (Instr::BrIf(ir::BrIf { block }), ..) => add(&mut copied, ir::BrIf { block: to(block) }),
                (Instr::BrTable(ir::BrTable { blocks, default }), ..) => {
                    let blocks = blocks.iter().map(to).collect();
                    add(&mut copied, ir::BrTable { blocks, default: to(default) });
                }
                (Instr::Return(_), _, Some(block)) => {
                    keep(&mut copied, self.returned);
                    add(&mut copied, ir::Br { block });
                }
                (instr, ..) => copied.push((instr.clone(), InstrLocId::default())),
            }
        }
        copied
    }

    fn of_sequence(&mut self, sequence: InstrSeqId) -> InstrSeqId {
        let from = self.function.block(sequence);
        let copy = self.builder.dangling_instr_seq(from.ty).id();
        self.ways.insert(sequence, copy);
        let copied = self.of(&from.instrs);
        *self.builder.instr_seq(copy).instrs_mut() = copied;
        copy
    }
}

/// Which locals are read before they are written again.
struct Liveness<'a> {
    function: &'a LocalFunction,
    /// Where a branch to the sequence goes on.
    targets: HashMap<InstrSeqId, Locals>,
    /// What is found out is noted here, by the sequence.
    parts: &'a mut BTreeMap<InstrSeqId, Part>,
}

impl Liveness<'_> {
    /// At the beginning of a sequence, with what is live behind it.
    fn before(&mut self, sequence: InstrSeqId, behind: Locals) -> Locals {
        let function = self.function;
        let mut live = behind.clone();
        for (place, (instr, _)) in function.block(sequence).instrs.iter().enumerate().rev() {
            match instr {
                Instr::LocalGet(ir::LocalGet { local }) => _ = live.insert(*local),
                Instr::LocalSet(ir::LocalSet { local }) | Instr::LocalTee(ir::LocalTee { local }) => {
                    live.remove(local);
                }
                Instr::Unreachable(_) | Instr::Return(_) | Instr::Br(_) | Instr::BrTable(_) => live.clear(),
                Instr::Block(ir::Block { seq }) => {
                    self.targets.insert(*seq, live.clone());
                    live = self.before(*seq, live);
                }
                Instr::Loop(ir::Loop { seq }) => {
                    // Once round, until nothing is new.
                    let mut head = Locals::new();
                    loop {
                        self.targets.insert(*seq, head.clone());
                        let found = self.before(*seq, live.clone());
                        if found == head {
                            break;
                        }
                        head = found;
                    }
                    live = head;
                }
                Instr::IfElse(ir::IfElse { consequent, alternative }) => {
                    let behind = live.clone();
                    live.clear();
                    for arm in [consequent, alternative] {
                        self.targets.insert(*arm, behind.clone());
                        live.extend(self.before(*arm, behind.clone()));
                    }
                }
                _ => {}
            }
            for target in targets(instr) {
                live.extend(self.targets.get(&target).into_iter().flatten());
            }
            if let Some(part) = self.parts.get_mut(&sequence).filter(|part| part.fork.place == place) {
                part.live_before = live.clone();
                part.live_after = part
                    .exits
                    .iter()
                    .flat_map(|exit| match exit {
                        Exit::Branch(target) => self.targets.get(target).into_iter().flatten(),
                        Exit::End => Some(&behind).into_iter().flatten(),
                        Exit::Return => None.into_iter().flatten(),
                    })
                    .copied()
                    .collect();
            }
        }
        live
    }
}

fn add(instrs: &mut Vec<(Instr, InstrLocId)>, instr: impl Into<Instr>) {
    instrs.push((instr.into(), InstrLocId::default()));
}

/// Puts what lies on the stack into locals.
fn keep(instrs: &mut Vec<(Instr, InstrLocId)>, locals: &[LocalId]) {
    locals.iter().rev().for_each(|&local| add(instrs, ir::LocalSet { local }));
}

/// The sequences that are loops: a branch to one goes back to its beginning.
fn loops(function: &LocalFunction) -> BTreeSet<InstrSeqId> {
    let (mut found, mut open) = (BTreeSet::new(), vec![function.entry_block()]);
    while let Some(sequence) = open.pop() {
        for (instr, _) in &function.block(sequence).instrs {
            open.extend(sequences(instr));
            if let Instr::Loop(ir::Loop { seq }) = instr {
                found.insert(*seq);
            }
        }
    }
    found
}

/// Whether control reaches the end of a sequence by itself.
fn falls_through(instrs: &[(Instr, InstrLocId)]) -> bool {
    let last = instrs.last().map(|(instr, _)| instr);
    !matches!(last, Some(Instr::Br(_) | Instr::BrTable(_) | Instr::Return(_) | Instr::Unreachable(_)))
}

/// The sequences that an instruction branches to.
fn targets(instr: &Instr) -> Vec<InstrSeqId> {
    match instr {
        Instr::Br(ir::Br { block }) | Instr::BrIf(ir::BrIf { block }) => vec![*block],
        Instr::BrTable(ir::BrTable { blocks, default }) => blocks.iter().chain([default]).copied().collect(),
        _ => vec![],
    }
}

/// By how much an instruction makes the stack higher; `None` if it is none that the compiler uses for plain programs.
fn effect(instr: &Instr, function: &LocalFunction, module: &Module) -> Option<i32> {
    let plain = |sequence: InstrSeqId| {
        (sequence != function.entry_block() && function.block(sequence).ty == InstrSeqType::Simple(None))
            .then_some(0)
    };
    let called = |ty| {
        let ty = module.types.get(ty);
        i32::try_from(ty.results().len()).ok()?.checked_sub(i32::try_from(ty.params().len()).ok()?)
    };
    Some(match instr {
        Instr::Const(_) | Instr::LocalGet(_) | Instr::GlobalGet(_) | Instr::MemorySize(_) => 1,
        Instr::Unop(_) | Instr::Load(_) | Instr::LocalTee(_) | Instr::MemoryGrow(_) => 0,
        Instr::Binop(_) | Instr::LocalSet(_) | Instr::GlobalSet(_) | Instr::Drop(_) => -1,
        Instr::Select(_) | Instr::Store(_) => -2,
        Instr::MemoryCopy(_) | Instr::MemoryFill(_) => -3,
        Instr::Call(ir::Call { func }) => called(module.funcs.get(*func).ty())?,
        Instr::CallIndirect(ir::CallIndirect { ty, .. }) => called(*ty)? - 1,
        Instr::Block(ir::Block { seq }) | Instr::Loop(ir::Loop { seq }) => plain(*seq)?,
        Instr::IfElse(ir::IfElse { consequent, alternative }) => {
            plain(*consequent)?;
            plain(*alternative)? - 1
        }
        Instr::Br(ir::Br { block }) => plain(*block)?,
        Instr::BrIf(_) | Instr::BrTable(_) => {
            targets(instr).into_iter().try_for_each(|target| plain(target).map(drop))?;
            -1
        }
        Instr::Return(_) | Instr::Unreachable(_) => 0,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use walrus::InstrSeqBuilder;

    /// f(a, b): goes round while a > 0, returns b where a = 7, else counts down; what it does then is `rest`.
    fn program(rest: impl Fn(&mut InstrSeqBuilder, [LocalId; 2], InstrSeqId)) -> (Module, FunctionId) {
        let mut module = Module::default();
        let [a, b] = [ValType::I32; 2].map(|ty| module.locals.add(ty));
        let mut builder = FunctionBuilder::new(&mut module.types, &[ValType::I32; 2], &[ValType::I32]);
        builder.name("f".to_owned()).func_body().block(None, |block| {
            let out = block.id();
            block.loop_(None, |body| {
                body.local_get(a).unop(ir::UnaryOp::I32Eqz).br_if(out);
                rest(body, [a, b], out);
            });
        });
        builder.func_body().local_get(b);
        let id = builder.finish(vec![a, b], &mut module.funcs);
        module.exports.add("f", id);
        (module, id)
    }

    fn parted(mut module: Module, id: FunctionId) -> (Module, Vec<String>) {
        let function = module.funcs.get(id).kind.unwrap_local();
        let last = *forks(function).last().unwrap();
        let fork = Part::of(function, &module, &loops(function), last).unwrap();
        outline(&mut module, &mut Globals::default(), id, &[fork.fork]);
        // Reading it checks it.
        let module = Module::from_buffer(&module.emit_wasm()).unwrap();
        let part = module.funcs.iter().find(|function| function.name.as_deref() == Some("part of f 0"));
        let ty = module.types.get(part.expect("no part").ty()).clone();
        let types = [ty.params(), ty.results()].map(|types| format!("{types:?}"));
        (module, types.into())
    }

    #[test]
    fn a_part_gets_what_it_reads_and_gives_back_what_is_read_later() {
        let (module, id) = program(|body, [a, b], _| {
            let again = body.id();
            // b = 1; a = a - 1; again, and a fresh b each time: neither is `b` read nor needed before.
            for _ in 0..4 {
                body.i32_const(1).local_set(b);
            }
            body.local_get(a).i32_const(1).binop(BinaryOp::I32Sub).local_set(a).br(again);
        });
        // It is given a; a and b come back, and there is one way on: no number says which.
        let (module, types) = parted(module, id);
        assert_eq!(types, ["[I32]", "[I32]"]);
        assert_eq!(module.globals.iter().count(), 1);
    }

    #[test]
    fn where_there_are_several_ways_on_it_says_which() {
        let (module, id) = program(|body, [a, b], out| {
            let again = body.id();
            for number in 0..4 {
                body.local_get(a).i32_const(number).binop(BinaryOp::I32Eq).drop();
            }
            body.block(None, |block| {
                let next = block.id();
                block.local_get(a).i32_const(7).binop(BinaryOp::I32Ne).br_if(next);
                block.local_get(b).return_();
            });
            body.local_get(a).i32_const(9).binop(BinaryOp::I32Eq).drop().br(again);
            let _ = out;
        });
        let function = module.funcs.get(id).kind.unwrap_local();
        let fork = forks(function).into_iter().find(|fork| {
            Part::of(function, &module, &loops(function), *fork).is_some_and(|part| part.exits.len() == 2)
        });
        let fork = fork.expect("no part with two ways on");
        let mut module = module;
        assert_eq!(outline(&mut module, &mut Globals::default(), id, &[fork]), 1);
        let module = Module::from_buffer(&module.emit_wasm()).unwrap();
        let part =
            module.funcs.iter().find(|function| function.name.as_deref() == Some("part of f 0")).unwrap();
        // By which way; what f returns is in a global.
        assert_eq!(module.types.results(part.ty()), [ValType::I32]);
        assert_eq!(module.globals.iter().count(), 1);
    }

    #[test]
    fn only_the_first_fork_of_each_sequence_counts() {
        let (module, id) = program(|body, [a, _], out| {
            body.local_get(a).br_if(out);
            body.block(None, |block| {
                block.local_get(a).br_if(out).local_get(a).drop();
            });
            body.local_get(a).drop();
        });
        let function = module.funcs.get(id).kind.unwrap_local();
        let all: BTreeSet<Fork> = forks(function).into_iter().collect();
        let places: Vec<usize> = outermost(function, &all).iter().map(|fork| fork.place).collect();
        // Behind the block that is all of the function, and behind the loop's first branch.
        assert_eq!(places, [1, 3]);
        assert_eq!(outermost(function, &BTreeSet::new()), []);
    }

    #[test]
    fn a_shape_is_that_of_control() {
        let of = |constant: i32, twice: bool| {
            let (module, id) = program(|body, _, out| {
                body.i32_const(constant).br_if(out);
                if twice {
                    body.i32_const(constant).br_if(out);
                }
            });
            shape(module.funcs.get(id).kind.unwrap_local())
        };
        assert_eq!(of(1, false), of(2, false));
        assert_ne!(of(1, false), of(1, true));
    }
}

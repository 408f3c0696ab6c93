//! The system calls that jobs are refused: those that change what a process is, reach into others, or are a door into
//! the kernel that no build, test or assistant needs.
//!
//! **Invariant:** programs of another architecture than the cell's do not run, and the x32 interface is not there.

use std::collections::BTreeMap;
use std::io;

use libc::c_long;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch, apply_filter, sock_filter,
};

use super::{At, Refusal};

/// Answered as by a kernel that is older than they are, so that callers fall back: the arguments of `clone3` cannot be
/// looked at, and io_uring does what the filter would not see.
const UNKNOWN: [c_long; 4] =
    [libc::SYS_clone3, libc::SYS_io_uring_setup, libc::SYS_io_uring_enter, libc::SYS_io_uring_register];

const UNKNOWN_CALL: libc::c_int = libc::ENOSYS;

/// Refused whatever their arguments.
const REFUSED: [c_long; 43] = [
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_setns,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_fanotify_init,
    libc::SYS_open_by_handle_at,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_kexec_load,
    libc::SYS_kexec_file_load,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_acct,
    libc::SYS_quotactl,
    libc::SYS_syslog,
    libc::SYS_vhangup,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
];

/// The same, of calls that only this architecture has.
#[cfg(target_arch = "x86_64")]
const REFUSED_HERE: [c_long; 4] = [libc::SYS_iopl, libc::SYS_ioperm, libc::SYS_modify_ldt, libc::SYS_uselib];
#[cfg(not(target_arch = "x86_64"))]
const REFUSED_HERE: [c_long; 0] = [];

/// Flags of `clone` and `unshare` that ask for a namespace of one's own.
const NAMESPACES: [libc::c_int; 8] = [
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWNS,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWNET,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWUTS,
    libc::CLONE_NEWCGROUP,
    // Of time.
    0x80,
];

/// Families of sockets that programs use. Of netlink, which tells a program its network interfaces, only that part.
const FAMILIES: [libc::c_int; 4] = [libc::AF_UNIX, libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK];

/// Ways to run that programs ask for: Linux's own, "what is it?", 32 bits, and addresses that debuggers can foresee.
const PERSONALITIES: [u64; 4] = [0, 0xffff_ffff, 0x8, 0x0004_0000];

/// From here on are the numbers of the x32 interface, which the check of the architecture does not tell apart; no other
/// interface has such numbers.
const X32: u32 = 0x4000_0000;

/// Takes the refused system calls from this process and all that it starts, for good.
pub(super) fn apply() -> Result<(), Refusal> {
    let program = program().map_err(io::Error::other).at("filter of system calls")?;
    apply_filter(&program).map_err(io::Error::other).at("filter of system calls")
}

type Rules = BTreeMap<c_long, Vec<SeccompRule>>;

/// One program, as short as can be: the kernel translates it whole, and tries it on every number, when it is set.
fn program() -> Result<BpfProgram, seccompiler::BackendError> {
    let architecture = TargetArch::try_from(std::env::consts::ARCH)?;
    let refusal = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    let by_arguments = by_arguments()?;
    let fates = fates(by_arguments.keys().copied());
    let mut program: BpfProgram =
        SeccompFilter::new(by_arguments, SeccompAction::Allow, refusal, architecture)?.try_into()?;
    // Three instructions check the architecture, one loads the number.
    let first_rule = 4;
    // Unreachable: a test builds this very search.
    let too_far = || seccompiler::BackendError::FilterTooLarge(program.len());
    let search = search(&fates).ok_or_else(too_far)?;
    program.splice(first_rule..first_rule, [from_x32_on(), search].concat());
    Ok(program)
}

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Allowed,
    Refused,
    Unknown,
    /// Its arguments decide.
    LookedAt,
}

/// Returns the fates of all calls that are not simply allowed, by number.
fn fates(by_arguments: impl Iterator<Item = c_long>) -> BTreeMap<u32, Fate> {
    let refused = REFUSED.iter().chain(&REFUSED_HERE).map(|call| (*call, Fate::Refused));
    let unknown = UNKNOWN.iter().map(|call| (*call, Fate::Unknown));
    let all = refused.chain(unknown).chain(by_arguments.map(|call| (call, Fate::LookedAt)));
    all.filter_map(|(call, fate)| Some((u32::try_from(call).ok()?, fate))).collect()
}

/// What a compiled filter cannot say: a refusal of all numbers from one on.
fn from_x32_on() -> Vec<sock_filter> {
    vec![step(libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K, 0, 1, X32), answer(UNKNOWN_CALL)]
}

/// Answers every number but those whose arguments decide: with these it goes on behind. A search by halves, since the
/// kernel, and each call that it must ask for, would otherwise go through all numbers one by one. `None` when a jump
/// would be too far.
fn search(fates: &BTreeMap<u32, Fate>) -> Option<Vec<sock_filter>> {
    let named: Vec<(u32, Fate)> = fates.iter().map(|(number, fate)| (*number, *fate)).collect();
    let mut steps = halves(&named)?;
    let answers = [
        step(libc::BPF_RET | libc::BPF_K, 0, 0, SeccompAction::Allow.into()),
        answer(libc::EPERM),
        answer(UNKNOWN_CALL),
    ];
    let length = steps.len();
    let mut found = Vec::with_capacity(length + answers.len());
    for (at, (mut here, fate)) in steps.drain(..).enumerate() {
        if let Some(fate) = fate {
            let to = |fate: Fate| u8::try_from(length - at - 1 + fate as usize).ok();
            (here.jt, here.jf) = (to(fate)?, to(Fate::Allowed)?);
        }
        found.push(here);
    }
    found.extend(answers);
    Some(found)
}

/// An instruction, and the fate of the number that it asks for; it has none where it only halves.
type Step = (sock_filter, Option<Fate>);

fn halves(named: &[(u32, Fate)]) -> Option<Vec<Step>> {
    let (left, right) = named.split_at(named.len() / 2);
    match (left, right) {
        (_, []) => None,
        ([], [(only, fate), ..]) => {
            Some(vec![(step(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 0, 0, *only), Some(*fate))])
        }
        (_, [(middle, _), ..]) => {
            let (lower, upper) = (halves(left)?, halves(right)?);
            let over = u8::try_from(lower.len()).ok()?;
            let first = (step(libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K, over, 0, *middle), None);
            Some([vec![first], lower, upper].concat())
        }
    }
}

fn step(code: u32, jt: u8, jf: u8, k: u32) -> sock_filter {
    sock_filter { code: code as u16, jt, jf, k }
}

fn answer(error: libc::c_int) -> sock_filter {
    step(libc::BPF_RET | libc::BPF_K, 0, 0, SeccompAction::Errno(error.unsigned_abs()).into())
}

/// Returns the rules of the calls that are refused only with some arguments.
fn by_arguments() -> Result<Rules, seccompiler::BackendError> {
    let mut rules = Rules::new();
    let namespaces = |flag: &libc::c_int| when(0, bits(*flag));
    rules.insert(libc::SYS_unshare, NAMESPACES.iter().map(namespaces).collect::<Result<_, _>>()?);
    // The last is no flag of `clone`: there its place holds a signal's number.
    let of_clone = NAMESPACES.iter().take(NAMESPACES.len() - 1);
    rules.insert(libc::SYS_clone, of_clone.map(namespaces).collect::<Result<_, _>>()?);
    for (call, mode) in nodes() {
        let device = |kind: libc::mode_t| when(mode, masked(u64::from(libc::S_IFMT), u64::from(kind)));
        rules.insert(call, vec![device(libc::S_IFCHR)?, device(libc::S_IFBLK)?]);
    }
    // What a terminal would take for typed: by itself, or by a paste of the console's.
    let pushes = [libc::TIOCSTI, libc::TIOCLINUX];
    let push = |what: &libc::Ioctl| when(1, (SeccompCmpOp::Eq, *what & 0xffff_ffff));
    rules.insert(libc::SYS_ioctl, pushes.iter().map(push).collect::<Result<_, _>>()?);
    let other_family = FAMILIES.iter().map(|family| condition(0, (SeccompCmpOp::Ne, number(*family))));
    let netlink = [
        condition(0, (SeccompCmpOp::Eq, number(libc::AF_NETLINK)))?,
        condition(2, (SeccompCmpOp::Ne, number(libc::NETLINK_ROUTE)))?,
    ];
    let sockets =
        [SeccompRule::new(other_family.collect::<Result<_, _>>()?)?, SeccompRule::new(netlink.to_vec())?];
    rules.insert(libc::SYS_socket, sockets.to_vec());
    let odd = PERSONALITIES.iter().map(|known| condition(0, (SeccompCmpOp::Ne, *known)));
    rules.insert(libc::SYS_personality, vec![SeccompRule::new(odd.collect::<Result<_, _>>()?)?]);
    Ok(rules)
}

/// Returns the calls that make device nodes, and which argument is the mode.
fn nodes() -> Vec<(c_long, u8)> {
    let mut calls = vec![(libc::SYS_mknodat, 2)];
    #[cfg(target_arch = "x86_64")]
    calls.push((libc::SYS_mknod, 1));
    calls
}

type Comparison = (SeccompCmpOp, u64);

fn bits(flag: libc::c_int) -> Comparison {
    masked(number(flag), number(flag))
}

fn masked(mask: u64, value: u64) -> Comparison {
    (SeccompCmpOp::MaskedEq(mask), value)
}

fn number(value: libc::c_int) -> u64 {
    u64::from(value.unsigned_abs())
}

fn when(argument: u8, comparison: Comparison) -> Result<SeccompRule, seccompiler::BackendError> {
    SeccompRule::new(vec![condition(argument, comparison)?])
}

fn condition(
    argument: u8,
    (operator, value): Comparison,
) -> Result<SeccompCondition, seccompiler::BackendError> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goes through a search as the kernel would.
    fn answered(search: &[sock_filter], number: u32) -> Fate {
        let mut at = 0;
        while let Some(here) = search.get(at) {
            let code = u32::from(here.code);
            let jump = |is: bool| usize::from(if is { here.jt } else { here.jf });
            at += 1 + match code {
                _ if code == libc::BPF_RET | libc::BPF_K => {
                    return match here.k {
                        allowed if allowed == u32::from(SeccompAction::Allow) => Fate::Allowed,
                        refused if refused == answer(libc::EPERM).k => Fate::Refused,
                        unknown if unknown == answer(libc::ENOSYS).k => Fate::Unknown,
                        other => panic!("{other}"),
                    };
                }
                _ if code == libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K => jump(number >= here.k),
                _ if code == libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K => jump(number == here.k),
                _ => panic!("{code}"),
            };
        }
        assert_eq!(at, search.len());
        Fate::LookedAt
    }

    #[test]
    fn every_number_meets_its_fate() {
        let other = [Fate::Refused, Fate::Unknown, Fate::LookedAt];
        let named: Vec<u32> = (0..500).filter(|n| n % 7 == 3 || (100..120).contains(n)).collect();
        let invented = |count: usize| named[..count].iter().map(|n| (*n, other[(*n % 3) as usize])).collect();
        let ours = fates(by_arguments().unwrap().into_keys());
        for fates in [ours, invented(60), invented(1), BTreeMap::from([(5, Fate::Allowed)])] {
            let found = search(&fates).unwrap();
            for number in 0..600 {
                let fate = fates.get(&number).copied().unwrap_or(Fate::Allowed);
                assert_eq!(answered(&found, number), fate, "{number} of {}", fates.len());
            }
        }
        let too_many = (0..500).map(|number| (number, Fate::Refused)).collect();
        assert!(search(&too_many).is_none());
    }

    #[test]
    fn every_refused_call_has_a_fate_and_no_two() {
        let by_arguments = by_arguments().unwrap();
        let fates = fates(by_arguments.keys().copied());
        assert_eq!(fates.len(), REFUSED.len() + REFUSED_HERE.len() + UNKNOWN.len() + by_arguments.len());
        let fate = |call: c_long| fates[&u32::try_from(call).unwrap()];
        assert_eq!((fate(libc::SYS_mount), fate(libc::SYS_clone3)), (Fate::Refused, Fate::Unknown));
        assert_eq!((fate(libc::SYS_clone), fate(libc::SYS_ioctl)), (Fate::LookedAt, Fate::LookedAt));
    }

    #[test]
    fn the_filter_is_short() {
        let program = program().unwrap();
        assert!(program.len() > 150 && program.len() < 350, "{}", program.len());
        // The fourth loads the number of the call, at the start of what the kernel passes.
        let load = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
        assert_eq!((program[3].code, program[3].k), (load, 0));
    }
}

//! The only unsafe code of the crate: a few calls that no safe wrapper offers.
//!
//! Invariant: every function here is safe to call with any argument; what the kernel refuses comes
//! back as an error.

#![expect(unsafe_code, reason = "two ioctls and a hook before exec have no safe wrapper in nix")]

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::libc;
use nix::sys::prctl;
use nix::sys::signal::Signal;

/// `struct ifreq` of `include/uapi/linux/if.h` as `TUNSETIFF` reads it.
#[repr(C)]
struct InterfaceRequest {
    name: [u8; 16],
    flags: i16,
    padding: [u8; 22],
}

const IFF_TAP: i16 = 0x0002;
const IFF_NO_PI: i16 = 0x1000;

nix::ioctl_write_ptr_bad!(tun_set_iff, nix::request_code_write!(b'T', 202, size_of::<libc::c_int>()), InterfaceRequest);

nix::ioctl_write_int_bad!(tun_set_persist, nix::request_code_write!(b'T', 203, size_of::<libc::c_int>()));

/// Makes an open `/dev/net/tun` the tap interface `name` of the caller's network namespace (tuntap.rst).
/// It stays when the file is closed and goes with the namespace: taking interfaces down one by one takes the kernel
/// 25 ms each, a whole namespace goes in the background.
/// Names longer than 15 bytes are cut by the kernel's buffer and therefore refused here.
pub fn attach_tap(file: &File, name: &str) -> io::Result<()> {
    let mut request = InterfaceRequest { name: [0; 16], flags: IFF_TAP | IFF_NO_PI, padding: [0; 22] };
    if name.len() > 15 || name.is_empty() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "interface names have 1 to 15 bytes"));
    }
    for (to, from) in request.name.iter_mut().zip(name.bytes()) {
        *to = from;
    }
    // SAFETY: the kernel reads one `struct ifreq` (40 bytes) and writes the same back; `request` has that layout.
    unsafe { tun_set_iff(file.as_raw_fd(), &request) }?;
    // SAFETY: the argument is a plain number.
    unsafe { tun_set_persist(file.as_raw_fd(), 1) }?;
    Ok(())
}

/// Makes the child die with the thread that started it (`PR_SET_PDEATHSIG`), so that nothing outlives a killed replay.
pub fn die_with_parent(command: &mut Command) {
    // SAFETY: between fork and exec only prctl(2) is called, which is async-signal-safe and allocates nothing.
    unsafe {
        command.pre_exec(|| prctl::set_pdeathsig(Signal::SIGKILL).map_err(io::Error::from));
    }
}

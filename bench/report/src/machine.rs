//! The machine in words.

use std::{fs, io};

/// A sentence about the machine: enough to judge the numbers, nothing that would identify it.
pub fn describe() -> io::Result<String> {
    let processors = fs::read_to_string("/proc/cpuinfo")?;
    let memory = fs::read_to_string("/proc/meminfo")?;
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let value = |text: &str, name: &str| -> Option<String> {
        let line = text.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let cores = processors
        .lines()
        .filter(|line| line.starts_with("processor"))
        .count();
    let model = value(&processors, "model name").unwrap_or_else(|| "an unnamed processor".into());
    let kibibytes = value(&memory, "MemTotal").and_then(|total| {
        let number = total.split(' ').next()?;
        number.parse::<u64>().ok()
    });
    let gibibytes = (kibibytes.unwrap_or_default() + (1 << 19)) >> 20;
    let kind = if processors.contains(" hypervisor") {
        "A virtual machine"
    } else {
        "A machine"
    };
    let kernel: Vec<_> = kernel.trim().split(['.', '-']).take(2).collect();
    Ok(format!(
        "{kind} with {cores} cores ({model}), {gibibytes} GiB of memory and Linux {}.",
        kernel.join(".")
    ))
}

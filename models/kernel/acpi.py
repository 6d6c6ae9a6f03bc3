"""Removing and adding a memory device: drivers/acpi/acpi_memhotplug.c."""

from pagestate import mutex_lock, mutex_unlock, thread
from pagestate.models.kernel.memory_hotplug import add_memory, remove_memory
from pagestate.models.kernel.state import Memory


@thread(repeat=True, src="drivers/acpi/acpi_memhotplug.c: acpi_memory_device_remove")
def acpi_memory_device(m: Memory) -> None:
    """Remove the block if it is offline, add it if it is not there."""
    mutex_lock(m.device_hotplug_lock)
    if not m.memmap:
        add_memory(m)
    elif not m.section_online:
        remove_memory(m)
    mutex_unlock(m.device_hotplug_lock)

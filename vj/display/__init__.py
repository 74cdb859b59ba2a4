"""A display: the picture on a monitor or a projector, full screen or in a window. It runs in a
process of its own (`python -m vj.display`), which `vj.display.child_process` starts and
watches."""

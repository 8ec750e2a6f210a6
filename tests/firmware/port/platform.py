import platform, uplatform

assert platform is uplatform
system, version, *rest = platform.platform().split("-")
assert system == "Linux" and version == "1.23.0" and "with" in rest, platform.platform()
assert platform.platform().endswith("".join(platform.libc_ver()))
assert platform.python_compiler().split(" ")[0] in ("GCC", "Clang")

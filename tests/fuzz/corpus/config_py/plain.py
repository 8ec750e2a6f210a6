commands = {
    "c33": "connect id:334D335C3138",
    "double x=4": {"command": "eval x*2", "help": "multiply by two"},
    "test": ["mount", ".", "exec", "import test"],
}
auto_soft_reset = True

commands = {"a": "b
}

x = {)
]; commands = (((\
"""
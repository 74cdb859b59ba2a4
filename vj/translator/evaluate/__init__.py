"""Is a translator good? `python3 -m vj.translator.evaluate`."""

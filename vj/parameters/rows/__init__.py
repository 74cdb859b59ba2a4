"""The rows of the parameter table. Each file holds a part of them; `vj.parameters.table` puts them
together."""

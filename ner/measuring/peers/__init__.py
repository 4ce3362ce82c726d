"""The same model as others run it, for the benchmark only; the app never imports this."""

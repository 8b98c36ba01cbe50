"""The checks of precheck, one module per area: each looks at values and returns findings; nothing is printed."""

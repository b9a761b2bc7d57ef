// The built-in job definitions lie beside this file.

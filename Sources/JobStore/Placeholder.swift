// Placeholder of the layout; replaced by the module's first real file.

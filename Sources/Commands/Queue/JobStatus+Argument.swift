public import ArgumentParser
public import JobStore

extension JobStatus: ExpressibleByArgument {}

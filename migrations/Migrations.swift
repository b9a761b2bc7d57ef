/// The SQL files beside this one, in the order of their numbers, as they are embedded in the executable.
public enum Migrations {
    /// `0001_initial.sql`: the schema's first version.
    public static var initial: [UInt8] { PackageResources._001_initial_sql }
}

import CNiceness
import Commands

nightshift_keep_niceness()
await Nightshift.runAndExit()

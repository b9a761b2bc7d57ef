import Commands

await Nightshift.runAndExit()

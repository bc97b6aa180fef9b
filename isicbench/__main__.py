from isicbench.cli import main

main()

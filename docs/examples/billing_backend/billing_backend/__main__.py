"""`python -m billing_backend` is the command `billing-backend`."""

from billing_backend.command import main

if __name__ == "__main__":
    main()
